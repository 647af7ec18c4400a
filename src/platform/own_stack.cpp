#include "platform/own_stack.hpp"

#include <sys/auxv.h>
#include <sys/syscall.h>

#include <atomic>
#include <cerrno>

#include "platform/mappings.hpp"
#include "platform/memory_reader.hpp"
#include "platform/raw_system_call.hpp"
#include "platform/sandbox.hpp"
#include "platform/system_call.hpp"
#include "platform/thread_stacks.hpp"

namespace ar::platform {

constinit thread_local StackWindow thread_stack = {0, 0};

namespace {

constexpr StackWindow not_known = {1, 1};

// The kernel copies the new mask before it looks at `how`, which is no valid one: EFAULT or EINVAL tell
// whether it could. Filters of system calls let this one pass.
long read_as_signal_mask(std::uintptr_t address) noexcept {
  constexpr long invalid_how = -1;
  constexpr long mask_size = 8;
  return raw_system_call(SYS_rt_sigprocmask, invalid_how, static_cast<long>(address), 0, mask_size);
}

enum class Probe : std::uint8_t { untried, works, useless };
constinit std::atomic<Probe> probe{Probe::untried};

// Not every system that looks like Linux checks in that order. No program has memory mapped in its first
// page, except some emulators', and those do without this.
bool probe_works() noexcept {
  Probe state = probe.load(std::memory_order_relaxed);
  if (state == Probe::untried) {
    const std::uint64_t readable = 0;
    constexpr std::uintptr_t in_first_page = 64;
    state = read_as_signal_mask(reinterpret_cast<std::uintptr_t>(&readable)) == -EINVAL &&
                    read_as_signal_mask(in_first_page) == -EFAULT
                ? Probe::works
                : Probe::useless;
    probe.store(state, std::memory_order_relaxed);
  }
  return state == Probe::works;
}

// The mapping that the first thread runs on, and how far down it may grow.
struct MainStack {
  std::uintptr_t stack_pointer;
  std::uintptr_t previous_end;
  StackWindow found;
};

bool look_for_main_stack(const Mapping& mapping, void* context) noexcept {
  auto& search = *static_cast<MainStack*>(context);
  if (search.stack_pointer < mapping.end) {
    if (mapping.kind == MappingKind::main_stack && search.stack_pointer >= search.previous_end) {
      search.found = {search.previous_end, mapping.end};
    }
    return false;
  }
  search.previous_end = mapping.end;
  return true;
}

bool find_glibc_stack(StackWindow& window) noexcept {
#ifdef __x86_64__
  const auto thread_pointer = reinterpret_cast<std::uintptr_t>(__builtin_thread_pointer());
  // The descriptor itself: it is there as long as the thread is.
  constexpr std::uintptr_t descriptor_size = 2304;
  const Mapping descriptor = {.start = thread_pointer,
                              .end = thread_pointer + descriptor_size,
                              .kind = MappingKind::anonymous,
                              .readable = true,
                              .writable = true,
                              .shared = false};
  MemoryReader reader(ReadingWay::directly);
  reader.know(&descriptor, 1);
  ThreadStack stack{};
  if (stack_of_thread(thread_pointer, reader, stack)) {
    window = {stack.start, stack.top};
    return true;
  }
#endif
  (void)window;
  return false;
}

// The first thread is looked up again when it was on another stack, but not for ever: where the system does
// not name its stack (some emulators), it is never found, and looking costs a lot.
constinit std::atomic<unsigned> failures{0};
constexpr unsigned most_failures = 64;

}  // namespace

void find_thread_stack(std::uintptr_t stack_pointer) noexcept {
  StackWindow window = not_known;
  // Not known in a sandbox; below, nothing is then found for the first thread.
  const bool is_first_thread = !is_sandboxed() && system_call(SYS_gettid) == system_call(SYS_getpid);
  if (is_first_thread) {
    MainStack search = {.stack_pointer = stack_pointer, .previous_end = 0, .found = not_known};
    if (for_each_mapping(&look_for_main_stack, &search)) {
      window = search.found;
    }
    if (window.high == not_known.high && failures.fetch_add(1, std::memory_order_relaxed) < most_failures) {
      return;  // asked for on another stack, a signal handler's perhaps: look again the next time
    }
  } else {
    find_glibc_stack(window);
  }
  thread_stack.low = window.low;
  thread_stack.high = window.high;
}

bool is_readable(std::uintptr_t address) noexcept {
  return !is_sandboxed() && probe_works() && read_as_signal_mask(address) == -EINVAL;
}

}  // namespace ar::platform

#include "track/tracker.hpp"

#include <fcntl.h>
#include <link.h>
#include <sys/syscall.h>

#include <cstring>

#include "heap/process_pages.hpp"
#include "heap/thread_state.hpp"
#include "platform/clock.hpp"
#include "platform/loaded_module.hpp"
#include "platform/own_stack.hpp"
#include "platform/system_call.hpp"
#include "track/region/mode.hpp"
#include "track/region/region.hpp"
#include "track/region/strings.hpp"
#include "track/region/timeline.hpp"
#include "track/sites/modules.hpp"
#include "track/sites/origins.hpp"
#include "track/threads/recorders.hpp"

namespace ar::track {

namespace {

// The whole of a small file of /proc with NULs turned to spaces. Returns an interned string's offset.
Offset intern_command_line() noexcept {
  char line[4096];
  const long descriptor = platform::system_call(
      SYS_openat, AT_FDCWD, reinterpret_cast<long>("/proc/self/cmdline"), O_RDONLY | O_CLOEXEC, 0);
  if (descriptor < 0) {
    return 0;
  }
  long size = platform::system_call(SYS_read, descriptor, reinterpret_cast<long>(line), sizeof line - 1);
  platform::system_call(SYS_close, descriptor);
  size = size < 0 ? 0 : size;
  while (size > 0 && line[size - 1] == '\0') {
    --size;
  }
  for (long i = 0; i < size; ++i) {
    line[i] = line[i] == '\0' ? ' ' : line[i];
  }
  line[size] = '\0';
  return intern_string(line);
}

Offset intern_program() noexcept {
  char path[4096];
  return intern_string(platform::program_path(path, sizeof path));
}

// What keeps the profile from where `arpent run` looks for it.
Untracked why_out_of_place(const ProfilePath& place) noexcept {
  return place.is_nowhere() || region_has_file() ? Untracked::not_so : why_no_region_file();
}

void describe_process() noexcept {
  Header* of = header();
  of->pid = static_cast<std::int32_t>(platform::system_call(SYS_getpid));
  of->parent_pid = static_cast<std::int32_t>(platform::system_call(SYS_getppid));
  of->mode = static_cast<std::uint32_t>(mode());
  of->serving = 1;
}

}  // namespace

Untracked start(Mode wanted, std::uint32_t stack_depth, const ProfilePath& place,
                bool with_command_line) noexcept {
  if (wanted == Mode::off) {
    return Untracked::not_so;
  }
  if (!open_region(place) || !open_origins(wanted == Mode::stacks)) {
    return Untracked::address_limit;
  }
  if (wanted == Mode::stacks) {
    header()->stack_depth = stack_depth;
  }
  set_mode(wanted);
  heap::keep_slots = true;
  begin_timeline();
  header()->start_time = platform::wall_clock_seconds();
  header()->program = intern_program();
  header()->command_line = with_command_line ? intern_command_line() : 0;
  describe_process();
  return why_out_of_place(place);
}

void set_run_state(RunState state) noexcept {
  if (Header* of = profile(); of != nullptr) {
    name_running_threads();
    end_peak();
    __atomic_store(&of->state, &state, __ATOMIC_RELEASE);
  }
}

void set_in_exec(bool in_exec) noexcept {
  if (Header* of = profile(); of != nullptr) {
    __atomic_store_n(&of->in_exec, in_exec ? 1 : 0, __ATOMIC_RELAXED);
  }
}

void note_mismatch() noexcept {
  if (Header* of = profile(); of != nullptr) {
    __atomic_fetch_add(&of->mismatches, 1, __ATOMIC_RELAXED);
  }
}

namespace {

constexpr std::size_t most_addresses = 256;
struct ModuleAddresses {
  std::uintptr_t of[most_addresses];
  std::size_t count;
};

int add_address(dl_phdr_info* module, std::size_t, void* context) noexcept {
  auto& addresses = *static_cast<ModuleAddresses*>(context);
  for (int i = 0; i < module->dlpi_phnum; ++i) {
    if (module->dlpi_phdr[i].p_type == PT_LOAD) {
      addresses.of[addresses.count++] = module->dlpi_addr + module->dlpi_phdr[i].p_vaddr;
      break;
    }
  }
  return addresses.count == most_addresses ? 1 : 0;
}

}  // namespace

void prepare_for_sandbox() noexcept {
  if (profile() == nullptr) {
    return;
  }
  if (mode() == Mode::stacks && platform::thread_stack.high == 0) {
    platform::find_thread_stack(reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)));
  }
  // Not under the region's lock: the loader's own may be waited for by a thread that allocates.
  ModuleAddresses addresses{};
  dl_iterate_phdr(add_address, &addresses);
  const platform::LockGuard guard(region_lock());
  for (std::size_t i = 0; i < addresses.count; ++i) {
    (void)intern_module(addresses.of[i]);
  }
  commit_ahead();
}

void after_fork_in_child(const ProfilePath& place, void (*leave_notice)(Untracked) noexcept) noexcept {
  clear_samples();
  if (profile() == nullptr) {
    return;
  }
  const std::uint32_t depth = header()->stack_depth;
  separate_region(place, leave_notice);
  if (header()->origin_count == 0 && !open_origins(mode() == Mode::stacks)) {
    set_mode(Mode::off);
    heap::thread_state.recorder = nullptr;
    if (!place.is_nowhere()) {
      leave_notice(Untracked::address_limit);
    }
    return;
  }
  header()->stack_depth = depth;
  header()->threads = 0;
  header()->state = RunState::running;
  header()->mismatches = 0;
  header()->in_exec = 0;
  std::memset(notices_of(header()), 0, notice_records * sizeof(NoticeRecord));
  header()->further_notices = 0;
  header()->leak_scan = LeakScan::not_done;
  begin_own_origins();
  restart_recorders();
  describe_process();
}

}  // namespace ar::track

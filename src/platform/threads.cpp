#include "platform/threads.hpp"

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include <ctime>

#include "platform/clock.hpp"
#include "platform/handler_code.hpp"
#include "platform/pages.hpp"
#include "platform/proc_file.hpp"
#include "platform/raw_system_call.hpp"
#include "platform/system_call.hpp"
#include "platform/thread_facts.hpp"

namespace ar::platform {

namespace {

// What has become of the request to stop a thread.
enum Request : std::uint32_t {
  request_none,
  requested,
  answering,  // the handler is publishing the registers
  answered,   // … and waits
  given_up,   // a handler that comes late returns at once
};

struct alignas(64) Slot {
  std::int32_t tid;  // 0: free
  std::uint32_t request;
  bool sent;
  ThreadRegisters thread;
};

// One mapping, kept for ever because a handler may come late: the slots by thread id, open addressing; then
// the places of those in use, in the order of asking.
struct Table {
  Slot* slots;
  std::uint32_t* order;
  std::size_t capacity;  // a power of two
  std::size_t used;
  std::size_t size;  // bytes. Not an end address: that could be a block's, which it would keep reachable
};
Table table = {};

// The kernel looks for those who wait on a word among all who wait in the process. So a word of each thread's
// own, and a call for each that answers, would cost a process of many threads the square of their number.
std::uint32_t answers = 0;      // counts them
std::uint32_t awaited = 0;      // the count that the stopper waits for
std::uint32_t arrivals = 0;     // counts the times that it was reached; the stopper waits on this word
std::uint32_t resumptions = 0;  // the stopped threads wait on this word

constexpr std::size_t most_slots = std::size_t{1} << 17U;  // addresses only; used ones cost memory
constexpr std::size_t fewest_slots = std::size_t{1} << 10U;

// Milliseconds.
constexpr std::int64_t look_interval = 20;
constexpr std::int64_t patience = 500;             // without any thread's answer
constexpr std::int64_t patience_blocked = 100;     // with a sleeping thread that has the signal blocked
constexpr std::int64_t patience_runnable = 10000;  // with a thread that waits for a processor

bool make_table() noexcept {
  if (table.slots != nullptr) {
    for (std::size_t i = 0; i < table.used; ++i) {
      Slot& slot = table.slots[table.order[i]];
      __atomic_store_n(&slot.request, request_none, __ATOMIC_RELAXED);
      __atomic_store_n(&slot.tid, 0, __ATOMIC_RELEASE);
    }
    table.used = 0;
    return true;
  }
  for (std::size_t capacity = most_slots; capacity >= fewest_slots; capacity /= 2) {
    const std::size_t size = round_up(capacity * (sizeof(Slot) + sizeof(std::uint32_t)), page_size);
    if (void* memory = map_pages(size); memory != nullptr) {
      table.order = reinterpret_cast<std::uint32_t*>(static_cast<char*>(memory) + capacity * sizeof(Slot));
      table.capacity = capacity;
      table.size = size;
      __atomic_store_n(&table.slots, static_cast<Slot*>(memory), __ATOMIC_RELEASE);
      return true;
    }
  }
  return false;
}

ARPENT_HANDLER_CODE Slot* find_slot(std::int32_t tid) noexcept {
  Slot* const slots = __atomic_load_n(&table.slots, __ATOMIC_ACQUIRE);
  if (slots == nullptr) {
    return nullptr;
  }
  const std::size_t mask = table.capacity - 1;
  for (std::size_t place = static_cast<std::size_t>(tid) & mask;; place = (place + 1) & mask) {
    const std::int32_t found = __atomic_load_n(&slots[place].tid, __ATOMIC_ACQUIRE);
    if (found == tid || found == 0) {
      return found == 0 ? nullptr : &slots[place];
    }
  }
}

// Null when the table is full.
Slot* add_slot(std::int32_t tid) noexcept {
  if (table.used >= table.capacity / 2) {
    return nullptr;
  }
  const std::size_t mask = table.capacity - 1;
  std::size_t place = static_cast<std::size_t>(tid) & mask;
  while (table.slots[place].tid != 0) {
    place = (place + 1) & mask;
  }
  Slot& slot = table.slots[place];
  slot.thread = ThreadRegisters{};
  slot.thread.tid = tid;
  __atomic_store_n(&slot.request, requested, __ATOMIC_RELAXED);
  __atomic_store_n(&slot.tid, tid, __ATOMIC_RELEASE);
  table.order[table.used++] = static_cast<std::uint32_t>(place);
  return &slot;
}

#if defined(__x86_64__)

// Set while only one thread looks, before the first request.
bool thread_pointer_is_readable = false;

void look_at_processor() noexcept {
  constexpr unsigned long has_fsgsbase = 2;
  thread_pointer_is_readable = (getauxval(AT_HWCAP2) & has_fsgsbase) != 0;
}

ARPENT_HANDLER_CODE std::uintptr_t read_thread_pointer() noexcept {
  std::uintptr_t pointer = 0;
  if (thread_pointer_is_readable) {
    __asm__("rdfsbase %0" : "=r"(pointer));
  } else {
    constexpr long get_fs = 0x1003;
    raw_system_call(SYS_arch_prctl, get_fs, reinterpret_cast<long>(&pointer));
  }
  return pointer;
}

ARPENT_HANDLER_CODE void publish(ThreadRegisters& thread, const ucontext_t& context) noexcept {
  constexpr std::uint32_t general = REG_RIP;  // r8 … rcx, rsp
  for (std::uint32_t i = 0; i < general; ++i) {
    thread.registers[i] = static_cast<std::uintptr_t>(context.uc_mcontext.gregs[i]);
  }
  thread.registers[general] = reinterpret_cast<std::uintptr_t>(context.uc_stack.ss_sp);
  thread.register_count = general + 1;
  thread.stack_pointer = static_cast<std::uintptr_t>(context.uc_mcontext.gregs[REG_RSP]);
  thread.thread_pointer = read_thread_pointer();
  if (context.uc_mcontext.fpregs == nullptr) {
    return;
  }
  // The legacy area of 512 bytes; beyond it what the processor has more, if the kernel says so.
  constexpr std::size_t legacy_size = 512;
  constexpr std::size_t extension_offset = 464;
  constexpr std::uint32_t extension_magic = 0x46505853;
  constexpr std::uint32_t largest_extension = 65536;
  thread.vectors_start = reinterpret_cast<std::uintptr_t>(context.uc_mcontext.fpregs);
  const auto* extension = reinterpret_cast<const std::uint32_t*>(thread.vectors_start + extension_offset);
  const bool extended =
      extension[0] == extension_magic && extension[1] >= legacy_size && extension[1] <= largest_extension;
  thread.vectors_end = thread.vectors_start + (extended ? extension[1] : legacy_size);
}

#elif defined(__aarch64__)

void look_at_processor() noexcept {}

ARPENT_HANDLER_CODE std::uintptr_t read_thread_pointer() noexcept {
  std::uintptr_t pointer = 0;
  __asm__("mrs %0, tpidr_el0" : "=r"(pointer));
  return pointer;
}

ARPENT_HANDLER_CODE void publish(ThreadRegisters& thread, const ucontext_t& context) noexcept {
  constexpr std::uint32_t general = 31;
  for (std::uint32_t i = 0; i < general; ++i) {
    thread.registers[i] = static_cast<std::uintptr_t>(context.uc_mcontext.regs[i]);
  }
  thread.registers[general] = reinterpret_cast<std::uintptr_t>(context.uc_stack.ss_sp);
  thread.register_count = general + 1;
  thread.stack_pointer = static_cast<std::uintptr_t>(context.uc_mcontext.sp);
  thread.thread_pointer = read_thread_pointer();
  thread.vectors_start = reinterpret_cast<std::uintptr_t>(context.uc_mcontext.__reserved);
  thread.vectors_end = thread.vectors_start + sizeof context.uc_mcontext.__reserved;
}

#endif

ARPENT_HANDLER_CODE void stand_still(const void* context) noexcept {
  const auto tid = static_cast<std::int32_t>(raw_system_call(SYS_gettid));
  Slot* const slot = find_slot(tid);
  std::uint32_t expected = requested;
  if (slot == nullptr || !__atomic_compare_exchange_n(&slot->request, &expected, answering, false,
                                                      __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
    return;
  }
  publish(slot->thread, *static_cast<const ucontext_t*>(context));
  slot->thread.stopped = true;
  const std::uint32_t resumed = __atomic_load_n(&resumptions, __ATOMIC_ACQUIRE);
  expected = answering;
  if (!__atomic_compare_exchange_n(&slot->request, &expected, answered, false, __ATOMIC_ACQ_REL,
                                   __ATOMIC_RELAXED)) {
    return;  // given up meanwhile: nobody would wake it
  }
  if (__atomic_add_fetch(&answers, 1, __ATOMIC_SEQ_CST) == __atomic_load_n(&awaited, __ATOMIC_SEQ_CST)) {
    __atomic_fetch_add(&arrivals, 1, __ATOMIC_SEQ_CST);
    raw_system_call(SYS_futex, reinterpret_cast<long>(&arrivals), FUTEX_WAKE_PRIVATE, 1);
  }
  while (__atomic_load_n(&slot->request, __ATOMIC_ACQUIRE) == answered) {
    raw_system_call(SYS_futex, reinterpret_cast<long>(&resumptions), FUTEX_WAIT_PRIVATE, resumed);
  }
}

Slot& slot_at(std::size_t index) noexcept { return table.slots[table.order[index]]; }

bool is_waited_for(std::size_t index) noexcept {
  const std::uint32_t request = __atomic_load_n(&slot_at(index).request, __ATOMIC_ACQUIRE);
  return request == requested || request == answering;
}

// Until all from `first` on have answered, or for one interval. May return early.
void wait_for_answers_from(std::size_t first) noexcept {
  const std::uint32_t arrived = __atomic_load_n(&arrivals, __ATOMIC_SEQ_CST);
  std::uint32_t expected = __atomic_load_n(&answers, __ATOMIC_SEQ_CST);
  for (std::size_t i = first; i < table.used; ++i) {
    expected += is_waited_for(i) ? 1 : 0;
  }
  __atomic_store_n(&awaited, expected, __ATOMIC_SEQ_CST);
  if (static_cast<std::int32_t>(__atomic_load_n(&answers, __ATOMIC_SEQ_CST) - expected) >= 0) {
    return;
  }
  constexpr std::int64_t nanoseconds_in_one = 1000000;
  const timespec interval = {0, look_interval * nanoseconds_in_one};
  system_call(SYS_futex, reinterpret_cast<long>(&arrivals), FUTEX_WAIT_PRIVATE, arrived,
              reinterpret_cast<long>(&interval));
}

void send_request(Slot& slot, const StopSignal& signal) noexcept {
  const long outcome = signal.send(slot.tid);
  slot.sent = outcome != -EAGAIN;  // any other failure shows in that no answer comes
  if (outcome == -ESRCH) {
    slot.thread.ended = true;
    __atomic_store_n(&slot.request, given_up, __ATOMIC_RELAXED);
  }
}

struct Asking {
  const StopSignal& signal;
  std::int32_t own_tid;
  bool any_new;
  std::size_t unasked;
};

void ask_to_stop(std::int32_t tid, void* context) noexcept {
  auto& asking = *static_cast<Asking*>(context);
  if (tid == asking.own_tid || find_slot(tid) != nullptr) {
    return;
  }
  Slot* const slot = add_slot(tid);
  if (slot == nullptr) {
    ++asking.unasked;
    return;
  }
  asking.any_new = true;
  send_request(*slot, asking.signal);
}

// What can be known of a thread that runs on.
void describe_unstopped(ThreadRegisters& thread) noexcept {
  thread.register_count = static_cast<std::uint32_t>(waiting_call_of_thread(thread.tid, thread.registers));
  thread.stack_pointer = thread.register_count == 0 ? 0 : thread.registers[thread.register_count - 1];
}

}  // namespace

static_assert(most_call_words <= ThreadRegisters::most_registers);

std::uintptr_t own_thread_pointer() noexcept {
  look_at_processor();
  return read_thread_pointer();
}

std::uintptr_t own_signal_stack() noexcept {
  stack_t stack{};
  return system_call(SYS_sigaltstack, 0, reinterpret_cast<long>(&stack)) == 0
             ? reinterpret_cast<std::uintptr_t>(stack.ss_sp)
             : 0;
}

StoppedThreads::StoppedThreads() noexcept {
  if (!make_table()) {
    return;
  }
  look_at_processor();
  (void)signal_.borrow(stand_still);  // without one, all others count as unstopped
  listed_ = stop_all();
  count_ = table.used;
}

StoppedThreads::~StoppedThreads() {
  bool any_waits = false;
  for (std::size_t i = 0; i < table.used; ++i) {
    const std::uint32_t was = __atomic_exchange_n(&slot_at(i).request, given_up, __ATOMIC_ACQ_REL);
    any_waits = any_waits || was == answered;
  }
  if (any_waits) {
    __atomic_fetch_add(&resumptions, 1, __ATOMIC_ACQ_REL);
    system_call(SYS_futex, reinterpret_cast<long>(&resumptions), FUTEX_WAKE_PRIVATE, INT32_MAX);
  }
  signal_.give_back();
}

const ThreadRegisters& StoppedThreads::operator[](std::size_t index) const noexcept {
  return slot_at(index).thread;
}

void StoppedThreads::own_memory(std::uintptr_t& start, std::uintptr_t& end) noexcept {
  start = reinterpret_cast<std::uintptr_t>(table.slots);
  end = start + table.size;
}

// Lists and signals until a listing shows no thread that has not been asked: only a thread that still runs
// can make new ones.
bool StoppedThreads::stop_all() noexcept {
  const ProcFile directory("/proc/self/task", O_DIRECTORY);
  if (!directory.is_open()) {
    return false;
  }
  constexpr int most_listings = 1000;
  Asking asking{signal_, static_cast<std::int32_t>(system_call(SYS_gettid)), false, 0};
  for (int listing = 0; listing < most_listings; ++listing) {
    asking.any_new = false;
    asking.unasked = 0;
    const std::size_t first = table.used;
    if (!for_each_thread_id(directory.descriptor(), ask_to_stop, &asking)) {
      return false;
    }
    wait_for_answers(first);
    if (!asking.any_new) {
      break;
    }
  }
  unstopped_ += asking.unasked + (asking.any_new ? 1 : 0);
  return true;
}

void StoppedThreads::wait_for_answers(std::size_t first) noexcept {
  const std::int64_t start = monotonic_milliseconds();
  std::int64_t progress = start;
  std::int64_t looked = start;
  std::uint32_t answers_before = __atomic_load_n(&answers, __ATOMIC_ACQUIRE);
  for (;;) {
    const std::uint32_t answers_seen = __atomic_load_n(&answers, __ATOMIC_ACQUIRE);
    while (first < table.used && !is_waited_for(first)) {
      ++first;
    }
    if (first == table.used) {
      return;
    }
    const std::int64_t now = monotonic_milliseconds();
    if (answers_seen != answers_before) {
      answers_before = answers_seen;
      progress = now;
    }
    if (now - looked >= look_interval) {
      looked = now;
      for (std::size_t i = first; i < table.used; ++i) {
        if (is_waited_for(i)) {
          if (!slot_at(i).sent) {
            send_request(slot_at(i), signal_);
          }
          give_up_if_hopeless(i, now - start, now - progress);
        }
      }
    }
    if (is_waited_for(first)) {
      wait_for_answers_from(first);
    }
  }
}

void StoppedThreads::give_up_if_hopeless(std::size_t index, std::int64_t waited,
                                         std::int64_t without_progress) noexcept {
  Slot& slot = slot_at(index);
  const ThreadFacts facts = facts_of_thread(slot.tid);
  const bool is_blocked = signal_.is_blocked_by(facts.blocked_signals);
  const bool hopeless = !facts.exists || waited >= patience_runnable ||
                        (!facts.runnable && waited >= patience_blocked && is_blocked) ||
                        (without_progress >= patience && (!facts.runnable || is_blocked));
  std::uint32_t expected = requested;
  if (!hopeless || !__atomic_compare_exchange_n(&slot.request, &expected, given_up, false, __ATOMIC_ACQ_REL,
                                                __ATOMIC_RELAXED)) {
    return;
  }
  slot.thread.ended = !facts.exists;
  if (facts.exists) {
    ++unstopped_;
    describe_unstopped(slot.thread);
  }
}

}  // namespace ar::platform

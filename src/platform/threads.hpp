// The threads of this process: stopping them all where they are, and letting them go on.
//
// A thread is stopped by a signal whose handler publishes the interrupted registers and waits. This needs no
// permission and no helper process, and costs a stopped thread nothing but time: its system calls are
// restarted where the kernel restarts them after a signal handler (SA_RESTART); others (poll, epoll_wait,
// nanosleep) fail with EINTR, as they may at any time.
#pragma once

#include <cstddef>
#include <cstdint>

#include "platform/stop_signal.hpp"

namespace ar::platform {

struct ThreadRegisters {
  static constexpr std::size_t most_registers = 32;

  std::int32_t tid;
  std::uint32_t register_count;
  std::uintptr_t stack_pointer;   // 0: not known
  std::uintptr_t thread_pointer;  // of its thread-local storage; 0: not known
  std::uintptr_t vectors_start;   // where the kernel saved the vector registers, on the thread's own stack
  std::uintptr_t vectors_end;
  bool stopped;  // false: it has ended, or runs on. Then stack pointer and registers, if any, are
                 // those of the system call that it was seen waiting in.
  bool ended;
  std::uintptr_t registers[most_registers];  // the general ones that may hold pointers, and the start of the
                                             // stack of its signal handlers; the first register_count
};

// Stack pointer of the function that this is called in.
[[gnu::always_inline]] inline std::uintptr_t own_stack_pointer() noexcept {
  std::uintptr_t pointer = 0;  // NOLINT(misc-const-correctness): the assembler writes it
#if defined(__x86_64__)
  __asm__ volatile("mov %%rsp, %0" : "=r"(pointer));
#else
  __asm__ volatile("mov %0, sp" : "=r"(pointer));
#endif
  return pointer;
}

// Thread pointer of the calling thread, as in ThreadRegisters; 0 when it has none or the system does not
// tell.
[[nodiscard]] std::uintptr_t own_thread_pointer() noexcept;

// Start of the stack that the calling thread has set aside for its signal handlers; 0: none. Only the kernel
// may know of it.
[[nodiscard]] std::uintptr_t own_signal_stack() noexcept;

// Stops all other threads of the process for its lifetime. At most one at a time in a process; the caller
// must not wait for anything that another thread may hold meanwhile (locks, malloc). Keeps errno.
class StoppedThreads {
 public:
  StoppedThreads() noexcept;
  ~StoppedThreads();
  StoppedThreads(const StoppedThreads&) = delete;
  StoppedThreads& operator=(const StoppedThreads&) = delete;

  // False when the threads could not be listed, or there was no memory: then others may run.
  [[nodiscard]] bool listed() const noexcept { return listed_; }

  // Threads that run on: all signals blocked by a direct system call, stuck in the kernel, or no signal to be
  // had.
  [[nodiscard]] std::size_t unstopped() const noexcept { return unstopped_; }

  [[nodiscard]] std::size_t count() const noexcept { return count_; }  // without the caller
  [[nodiscard]] const ThreadRegisters& operator[](std::size_t index) const noexcept;

  // Memory that this class keeps for itself, also when it is not in use; 0 and 0 when there is none.
  static void own_memory(std::uintptr_t& start, std::uintptr_t& end) noexcept;

 private:
  bool stop_all() noexcept;
  void wait_for_answers(std::size_t first) noexcept;
  void give_up_if_hopeless(std::size_t index, std::int64_t waited, std::int64_t without_progress) noexcept;

  StopSignal signal_;
  bool listed_ = false;
  std::size_t count_ = 0;
  std::size_t unstopped_ = 0;
};

}  // namespace ar::platform

// The signal that stops threads, borrowed for the moment.
//
// It is the one that glibc keeps for setuid() and its like in threaded programs, because a program cannot
// block that with the C library's functions. glibc's own handler, which is there once a thread has been
// created, still gets what is meant for it: each signal of ours carries a mark. Where a filter of system
// calls may not know how to send marked signals, it is one of the real-time signals for which the program has
// no handler.
#pragma once

#include <csignal>
#include <cstdint>

namespace ar::platform {

// Called in the signalled thread with every signal blocked, with the interrupted registers.
using StopHandler = void (*)(const void* context) noexcept;

// One at a time in a process.
class StopSignal {
 public:
  // True when a signal could be had and the handler is installed.
  [[nodiscard]] bool borrow(StopHandler handler) noexcept;

  // Puts back what was there before; signals of ours that are still on their way do nothing.
  void give_back() noexcept;

  // Sends it to a thread of this process. 0 or negative errno; EAGAIN when too many signals are on their way.
  [[nodiscard]] long send(std::int32_t tid) const noexcept;

  // Whether a thread with this mask (bit n - 1 for signal n) cannot get it.
  [[nodiscard]] bool is_blocked_by(std::uint64_t mask) const noexcept;

 private:
  int number_ = 0;  // 0: none
  bool marked_ = false;
};

}  // namespace ar::platform

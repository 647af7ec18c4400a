// Keeps signals away from the calling thread while it works on something that a handler must not
// interrupt, and keeps failed writes from ending the program.
#pragma once

#include <cstdint>

namespace ar::platform {

// Blocks what can be blocked in the calling thread, for its lifetime. SIGPIPE and SIGXFSZ that its own writes
// raise meanwhile are swallowed (the write's error tells enough); all others are delivered afterwards.
// Faults (SIGSEGV and the like) and SIGABRT are not blocked. Not to be shared between threads.
class SignalShield {
 public:
  // What happens to SIGTERM, SIGHUP, SIGINT and SIGQUIT if the program handles them by ending. Where the
  // thread writes to a pipe or terminal meanwhile, they must get through, or nothing could end it.
  enum class Ends : std::uint8_t { held_off, let_through };

  explicit SignalShield(Ends ends = Ends::held_off) noexcept;
  ~SignalShield();
  SignalShield(const SignalShield&) = delete;
  SignalShield& operator=(const SignalShield&) = delete;

 private:
  std::uint64_t before_ = 0;   // the mask to restore
  std::uint64_t pending_ = 0;  // what was waiting already
  bool active_ = false;
};

}  // namespace ar::platform

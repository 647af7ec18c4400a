#include "platform/lock.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>

#include <climits>
#include <ctime>

#include "platform/system_call.hpp"

namespace ar::platform {

namespace {
// Long enough to see most of our critical sections through, short enough not to burn a time slice.
constexpr int spins_before_sleep = 64;
constexpr std::int64_t longest_sleep = 100;  // milliseconds

void pause() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}
}  // namespace

// A thread can be woken and then run a signal's handler first, which waits for a lock that the next sleeper
// here holds. So that this one does not sleep for ever, all look again from time to time.
void Lock::sleep(std::int64_t milliseconds) noexcept {
  std::uint64_t state = state_.load(std::memory_order_relaxed);
  while (state != 0 && (state & contended_) == 0 &&
         !state_.compare_exchange_weak(state, state | contended_, std::memory_order_relaxed)) {
  }
  if (state == 0) {
    return;
  }
  const timespec limit{milliseconds / 1000, milliseconds % 1000 * 1000000};
  system_call(SYS_futex, reinterpret_cast<long>(&state_), FUTEX_WAIT_PRIVATE,
              static_cast<std::uint32_t>(state | contended_), reinterpret_cast<long>(&limit), 0, 0);
}

void Lock::wait() noexcept {
  for (int i = 0; i < spins_before_sleep; ++i) {
    if (state_.load(std::memory_order_relaxed) == 0 && try_lock()) {
      return;
    }
    pause();
  }
  while (!try_take(contended_ | held_)) {  // others may be asleep, too: the mark stays
    sleep(longest_sleep);
  }
}

bool Lock::lock_for_fork(std::uint64_t depth, std::int64_t& patience) noexcept {
  std::uint64_t mark = 0;
  while (!try_take(depth << depth_shift | mark | held_)) {
    mark = contended_;
    if (patience == 0) {
      wake();  // another thread's wake-up may have come here
      return false;
    }
    sleep(patience < 0 ? longest_sleep : 1);
    patience -= patience < 0 ? 0 : 1;
  }
  return true;
}

bool Lock::lock_in_time() noexcept {
  std::int64_t patience = 100;
  return lock_for_fork(0, patience);
}

void Lock::wake() noexcept {
  system_call(SYS_futex, reinterpret_cast<long>(&state_), FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
}

}  // namespace ar::platform

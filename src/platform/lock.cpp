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

void pause() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}
}  // namespace

void Lock::wait() noexcept {
  for (int i = 0; i < spins_before_sleep; ++i) {
    if (state_.load(std::memory_order_relaxed) == free_ && try_lock()) {
      return;
    }
    pause();
  }
  while (state_.exchange(contended_, std::memory_order_acquire) != free_) {
    system_call(SYS_futex, reinterpret_cast<long>(&state_), FUTEX_WAIT_PRIVATE, contended_, 0, 0, 0);
  }
}

bool Lock::lock_in_time() noexcept {
  constexpr int most_tries = 100;
  for (int i = 0; i < most_tries; ++i) {
    if (try_lock()) {
      return true;
    }
    const timespec millisecond{0, 1000000};
    system_call(SYS_nanosleep, reinterpret_cast<long>(&millisecond), 0);
  }
  return false;
}

void Lock::wake() noexcept {
  system_call(SYS_futex, reinterpret_cast<long>(&state_), FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
}

}  // namespace ar::platform

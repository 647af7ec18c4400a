// A mutual exclusion lock that needs no construction, no libpthread state and no allocation.
//
// Usable before constructors and after destructors. Not recursive. Fork handlers take and release it
// around fork; in the child `reset` makes it free whoever held it.
#pragma once

#include <atomic>
#include <cstdint>

namespace ar::platform {

class Lock {
 public:
  constexpr Lock() noexcept = default;
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

  [[nodiscard]] bool try_lock() noexcept {
    std::uint32_t expected = free_;
    return state_.compare_exchange_strong(expected, held_, std::memory_order_acquire,
                                          std::memory_order_relaxed);
  }
  void lock() noexcept {
    if (!try_lock()) {
      wait();
    }
  }
  // Waits for a tenth of a second at most: where a signal handler ends the process, the lock may be held by
  // the very thread that it has interrupted. False when it was not to be had.
  [[nodiscard]] bool lock_in_time() noexcept;
  void unlock() noexcept {
    if (state_.exchange(free_, std::memory_order_release) == contended_) {
      wake();
    }
  }
  void reset() noexcept { state_.store(free_, std::memory_order_relaxed); }

 private:
  static constexpr std::uint32_t free_ = 0;
  static constexpr std::uint32_t held_ = 1;
  static constexpr std::uint32_t contended_ = 2;

  void wait() noexcept;
  void wake() noexcept;

  std::atomic<std::uint32_t> state_{free_};
};

class LockGuard {
 public:
  explicit LockGuard(Lock& lock) noexcept : lock_(lock) { lock_.lock(); }
  ~LockGuard() { lock_.unlock(); }
  LockGuard(const LockGuard&) = delete;
  LockGuard& operator=(const LockGuard&) = delete;

 private:
  Lock& lock_;
};

}  // namespace ar::platform

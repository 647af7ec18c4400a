// A mutual exclusion lock that needs no construction, no libpthread state and no allocation.
//
// Usable before constructors and after destructors. Not recursive. Fork handlers take and release it
// around fork (fork_locks.hpp); in the child `reset` frees it, also if another thread holds it.
#pragma once

#include <atomic>
#include <cstdint>

namespace ar::platform {

class Lock {
 public:
  constexpr Lock() noexcept = default;
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

  [[nodiscard]] bool try_lock() noexcept { return try_take(held_); }
  void lock() noexcept {
    if (!try_lock()) {
      wait();
    }
  }
  // Waits for a tenth of a second at most: if a signal handler ends the process, the lock may be held by
  // the very thread that it has interrupted. False if the lock was not free in time.
  [[nodiscard]] bool lock_in_time() noexcept;
  void unlock() noexcept {
    if ((state_.exchange(0, std::memory_order_release) & contended_) != 0) {
      wake();
    }
  }
  void reset() noexcept { state_.store(0, std::memory_order_relaxed); }

  // True if the calling thread holds it: only in a signal handler is that not known anyway.
  [[nodiscard]] bool is_own() const noexcept {
    return state_.load(std::memory_order_relaxed) >> owner_shift == this_thread();
  }

  // For fork_locks.hpp: a fork of this depth, from 1 to most_depth, takes the lock. Waits for so many
  // milliseconds at most, which are taken off; forever if negative. False if the lock was not free in time.
  [[nodiscard]] bool lock_for_fork(std::uint64_t depth, std::int64_t& patience) noexcept;
  [[nodiscard]] bool is_own_at(std::uint64_t depth) const noexcept {
    const std::uint64_t state = state_.load(std::memory_order_relaxed);
    return state >> owner_shift == this_thread() && (state >> depth_shift & most_depth) == depth;
  }
  [[nodiscard]] bool is_held_by_own_fork() const noexcept { return is_own() && !is_own_at(0); }
  static constexpr std::uint64_t most_depth = 63;

 private:
  // One word, so that a signal handler never finds the lock held and the owner unknown: the thread pointer of
  // the thread that holds it, the depth of its fork (0: not a fork's), and two flags. The word that waiting
  // threads sleep on is the lower half.
  static constexpr std::uint64_t held_ = 1;
  static constexpr std::uint64_t contended_ = 2;
  static constexpr unsigned depth_shift = 2;
  static constexpr unsigned owner_shift = 8;

  [[nodiscard]] static std::uint64_t this_thread() noexcept {
    return reinterpret_cast<std::uintptr_t>(__builtin_thread_pointer());
  }

  [[nodiscard]] bool try_take(std::uint64_t flags) noexcept {
    std::uint64_t expected = 0;
    return state_.compare_exchange_strong(expected, this_thread() << owner_shift | flags,
                                          std::memory_order_acquire, std::memory_order_relaxed);
  }
  void wait() noexcept;
  // Sleeps until the lock is freed, for so many milliseconds at most.
  void sleep(std::int64_t milliseconds) noexcept;
  void wake() noexcept;

  std::atomic<std::uint64_t> state_{0};
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

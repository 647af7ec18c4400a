#include "platform/fork_locks.hpp"

#include <sys/single_threaded.h>

#include <atomic>

namespace ar::platform {

namespace {
// Beside the initialised thread-local storage, in a gap that there would be otherwise before the rest of it.
constinit thread_local std::uint8_t forks __attribute__((tls_model("initial-exec"), section(".tdata"))) = 0;
std::atomic<bool> threads_seen{false};
}  // namespace

bool ForkLocks::had_threads() noexcept { return threads_seen.load(std::memory_order_relaxed); }

std::uint64_t ForkLocks::enter() noexcept {
  threads_seen.store(__libc_single_threaded == 0, std::memory_order_relaxed);
  forks = static_cast<std::uint8_t>(forks + 1);
  return forks;
}

std::uint64_t ForkLocks::leave() noexcept {
  const std::uint64_t depth = forks;
  forks = static_cast<std::uint8_t>(depth - 1);
  return depth;
}

void ForkLocks::take_one(Lock& lock, std::uint64_t depth, std::int64_t& patience) noexcept {
  if (!lock.is_own() && depth <= Lock::most_depth) {
    (void)lock.lock_for_fork(depth, patience);
  }
}

}  // namespace ar::platform

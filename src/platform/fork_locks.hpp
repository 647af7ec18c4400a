// Locks around a fork, also around one in a signal handler that has interrupted a thread which holds some of
// them: a thread waits for no lock of its own, and for those of others not for ever.
//
// Each set of fork handlers calls, with the same locks in the same order: ForkLocks::take in the first one,
// ForkLocks::release in the parent, ForkLocks::reset in the child. A process of one thread takes none.
#pragma once

#include <cstdint>

#include "platform/lock.hpp"

namespace ar::platform {

class ForkLocks {
 public:
  // `for_each(visit)` calls visit(lock) for each lock, in the order in which threads take several. If it
  // walks a list, `list_lock` guards that: a thread that does not free it in time waits for a lock of this
  // thread's, and threads leave the list in order when they wait.
  template <typename ForEach>
  static void take(ForEach for_each, Lock* list_lock = nullptr) noexcept {
    const std::uint64_t depth = enter();
    if (!had_threads()) {
      return;
    }
    if (list_lock != nullptr) {
      std::int64_t list_patience = most_list_patience;
      take_one(*list_lock, depth, list_patience);
    }
    bool owns_some = false;
    for_each([&](const Lock& lock) { owns_some = owns_some || (lock.is_own() && !lock.is_own_at(depth)); });
    // A thread that holds what this one waits for may itself be waiting for what this one holds.
    std::int64_t patience = owns_some ? most_patience : no_limit;
    for_each([&](Lock& lock) { take_one(lock, depth, patience); });
  }

  // The list's lock is freed last.
  template <typename ForEach>
  static void release(ForEach for_each, Lock* list_lock = nullptr) noexcept {
    const std::uint64_t depth = leave();
    const auto unlock = [depth](Lock& lock) {
      if (lock.is_own_at(depth)) {
        lock.unlock();
      }
    };
    for_each([&](Lock& lock) {
      if (&lock != list_lock) {
        unlock(lock);
      }
    });
    if (list_lock != nullptr) {
      unlock(*list_lock);
    }
  }

  template <typename ForEach>
  static void reset(ForEach for_each) noexcept {
    leave();
    for_each([](Lock& lock) { lock.reset(); });
  }

  // In the child: whether its parent had other threads. If not, the fork has copied what its only thread left
  // behind, complete or to be completed by the same thread in the child.
  [[nodiscard]] static bool had_threads() noexcept;

 private:
  static constexpr std::int64_t no_limit = -1;
  static constexpr std::int64_t most_patience = 50;         // milliseconds
  static constexpr std::int64_t most_list_patience = 2000;  // milliseconds

  // The depth of this fork: handlers of signals that come while a fork takes its locks may fork, too. Notes
  // whether there are threads.
  static std::uint64_t enter() noexcept;
  static std::uint64_t leave() noexcept;
  static void take_one(Lock& lock, std::uint64_t depth, std::int64_t& patience) noexcept;
};

}  // namespace ar::platform

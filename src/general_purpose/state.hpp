// One general-purpose allocator. Its lock is taken after that of the list of instances (thread_heaps.hpp),
// and after that of its heaps.
#pragma once

#include <cstddef>
#include <cstdint>

#include "arpent/detail/general_purpose_core.hpp"

#include "general_purpose/page.hpp"
#include "heap/heap_list.hpp"
#include "platform/lock.hpp"

namespace ar::general_purpose {

using detail::general_purpose::Backing;
using detail::general_purpose::Settings;

struct Directory;
struct LargeTable;
struct DescriptionTable;

}  // namespace ar::general_purpose

namespace ar::detail::general_purpose {

struct State : ar::heap::PageSource {
  Settings settings;
  Backing backing;
  std::uint64_t id;          // monotonically increasing, never reused: see RememberedHeap
  std::uint32_t remembered;  // which of a thread's remembered heaps is of this instance
  ar::heap::HeapList heaps;
  ar::heap::ThreadHeap* sole_heap;  // of an instance that is not thread-safe
  ar::platform::Lock lock;          // guards all that follows

  ar::general_purpose::Directory* directory;  // read without the lock
  ar::general_purpose::LargeTable* large;
  ar::general_purpose::DescriptionTable* descriptions;

  std::size_t requested;  // bytes; changed atomically, without the lock
  State* next;            // the list of instances
  State* previous;
};

}  // namespace ar::detail::general_purpose

namespace ar::general_purpose {

using detail::general_purpose::State;

// Memory of the backing for descriptions of our own: aligned to 64 bytes, zeroed. Null when there is none.
[[nodiscard]] void* take_own(const Backing& backing, std::size_t size) noexcept;
[[nodiscard]] inline void* take_own(const State& state, std::size_t size) noexcept {
  return take_own(state.backing, size);
}
void give_own(const Backing& backing, void* start, std::size_t size) noexcept;
inline void give_own(const State& state, void* start, std::size_t size) noexcept {
  give_own(state.backing, start, size);
}

// Takes the lock of an instance that threads share.
class StateLock {
 public:
  explicit StateLock(State& state) noexcept : lock_(state.settings.thread_safe ? &state.lock : nullptr) {
    if (lock_ != nullptr) {
      lock_->lock();
    }
  }
  ~StateLock() {
    if (lock_ != nullptr) {
      lock_->unlock();
    }
  }
  StateLock(const StateLock&) = delete;
  StateLock& operator=(const StateLock&) = delete;

 private:
  platform::Lock* lock_;
};

}  // namespace ar::general_purpose

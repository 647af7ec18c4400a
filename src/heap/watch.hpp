// Watching one thread's own use of the heap, for tests of code that must not allocate. Costs nothing while
// nobody watches: a watched thread has watched_heap for its heap, in which every fast path fails, and the
// slow paths count.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ar::heap {

struct ThreadHeap;

// One use of the C API's struct of the same layout (arpent/heap_watch.h). Lies with whoever watches.
struct HeapWatch {
  std::size_t allocations;  // calls that got a block, or another size for one, or found no memory
  std::size_t releases;     // calls that gave one back
  std::uintptr_t first;     // return address of the first call that allocated; 0: none, or not known
  ThreadHeap* own;          // the thread's heap, set aside
};

// From here on the calling thread's uses are counted, those of its signal handlers too. False, and nothing is
// done, when it is watched already, is past its end, or has no memory for a heap.
[[nodiscard]] bool begin_watch(HeapWatch& watch) noexcept;

// By the same thread, with the same watch.
void end_watch(HeapWatch& watch) noexcept;

}  // namespace ar::heap

// Watching one thread's own use of the heap, for tests of code that must not allocate. Costs nothing while
// no thread is watched: a watched thread has watched_heap for its heap, in which every fast path fails, and
// the slow paths count.
#pragma once

#include "heap/thread_state.hpp"

namespace ar::heap {

// From here on the calling thread's uses are counted, those of its signal handlers too. False, and nothing is
// done, when it is watched already, is past its end, or has no memory for a heap.
[[nodiscard]] bool begin_watch(HeapWatch& watch) noexcept;

// By the same thread, with the same watch.
void end_watch(HeapWatch& watch) noexcept;

}  // namespace ar::heap

#include "heap/watch.hpp"

#include "heap/thread_heap.hpp"

namespace ar::heap {

bool begin_watch(HeapWatch& watch) noexcept {
  if (thread_state.watch != nullptr || thread_state.ended) {
    return false;
  }
  if (thread_state.heap == nullptr || (thread_state.heap == &empty_heap && attach_thread() == nullptr)) {
    return false;
  }
  watch = {0, 0, 0, thread_state.heap};
  thread_state.watch = &watch;
  thread_state.heap = &watched_heap;
  return true;
}

void end_watch(HeapWatch& watch) noexcept {
  if (thread_state.watch == &watch) {
    restore_own_heap();
  }
}

}  // namespace ar::heap

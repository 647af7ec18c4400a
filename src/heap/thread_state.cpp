#include "heap/thread_state.hpp"

namespace ar::heap {

constinit ThreadHeap empty_heap = {};
constinit ThreadHeap watched_heap = {};
constinit thread_local ThreadState thread_state = {&empty_heap, nullptr, nullptr, false, false};

}  // namespace ar::heap

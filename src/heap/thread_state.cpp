#include "heap/thread_state.hpp"

namespace ar::heap {

constinit ThreadHeap empty_heap = {};
constinit ThreadHeap watched_heap = {};
constinit thread_local ThreadState thread_state = {.recorder = nullptr,
                                                   .ended = false,
                                                   .starting = false,
                                                   .unused = nullptr,
                                                   .watch = nullptr,
                                                   .heap = &empty_heap};

}  // namespace ar::heap

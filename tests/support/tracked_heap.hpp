// The heap and the tracker without the abi layer, for tests that call them directly: what the abi layer would
// tell the heap. Where the abi layer is linked too, its own definition counts. One including file a program.
#pragma once

#include "heap/thread_heap.hpp"
#include "track/threads/recorders.hpp"
#include "track/tracker.hpp"

namespace ar::test {

inline void start_tracking() noexcept { track::start(track::Mode::sites, 0, {}); }

}  // namespace ar::test

namespace ar::heap {
[[gnu::weak]] extern constinit const Hooks hooks = {ar::test::start_tracking, ar::track::detach_recorder};
}  // namespace ar::heap

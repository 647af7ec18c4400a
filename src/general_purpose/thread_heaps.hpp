// Each thread's heap of each instance that it uses; the ends of threads, and fork.
//
// Heaps belong to the instance. A thread remembers the last few that it used; when it ends, they are for
// others.
#pragma once

#include <cstddef>
#include <cstdint>

#include "general_purpose/state.hpp"

namespace ar::general_purpose {

// Instances share the places of these; the last one used has it. One that is gone is never found again,
// because no other has its id.
struct RememberedHeap {
  std::uint64_t instance;  // its id; 0 means none
  heap::ThreadHeap* heap;
};

inline constexpr std::size_t remembered_heaps = 3;
extern constinit thread_local RememberedHeap remembered[remembered_heaps]
    __attribute__((tls_model("initial-exec")));

// Null when there is no memory.
[[nodiscard]] heap::ThreadHeap* attach_heap(State& state) noexcept;

[[nodiscard, gnu::always_inline]] inline heap::ThreadHeap* heap_of(State& state) noexcept {
  if (!state.settings.thread_safe) {
    return state.sole_heap != nullptr ? state.sole_heap : attach_heap(state);
  }
  const RememberedHeap& last = remembered[state.remembered];
  return last.instance == state.id ? last.heap : attach_heap(state);
}

// The list of instances that threads share: for the ends of threads, for fork, and for the tracked heap,
// which asks whose a block is that was passed to free().
void enter_instance(State& state) noexcept;
void remove_instance(State& state) noexcept;

}  // namespace ar::general_purpose

// Each thread's heap of each instance that it uses; the ends of threads, and fork.
//
// Heaps belong to the instance. A thread remembers the last few that it used; when it ends, they are for
// others.
#pragma once

#include <cstddef>
#include <cstdint>

#include "general_purpose/state.hpp"

namespace ar::general_purpose {

struct RememberedHeap {
  std::uint64_t instance;  // 0: none
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
  const RememberedHeap& last = remembered[state.id % remembered_heaps];
  return last.instance == state.id ? last.heap : attach_heap(state);
}

// The list of instances, for the ends of threads and for fork.
void enter_instance(State& state) noexcept;
void remove_instance(State& state) noexcept;

// The first instance in the list that `is_it` says yes of. Null also while the list is being changed: waits
// for nobody.
[[nodiscard]] State* find_instance(bool (*is_it)(State& state, void* context), void* context) noexcept;

}  // namespace ar::general_purpose

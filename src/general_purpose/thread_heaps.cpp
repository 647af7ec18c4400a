#include "general_purpose/thread_heaps.hpp"

#include <pthread.h>

#include <atomic>

#include "arpent/block_owner.h"

#include "general_purpose/block_description.hpp"
#include "general_purpose/directory.hpp"
#include "platform/fork_locks.hpp"

namespace ar::general_purpose {

constinit thread_local RememberedHeap remembered[remembered_heaps] = {};

namespace {

// 56 bytes in all with `remembered`: more might not be had by a library that is opened late.
constinit thread_local std::uint64_t own_thread __attribute__((tls_model("initial-exec"))) = 0;

std::atomic<std::uint64_t> threads{0};
std::atomic<std::uint64_t> instances_made{0};
constinit platform::Lock instances_lock;
State* instances = nullptr;  // those that are thread-safe
pthread_key_t thread_end_key;
bool prepared = false;  // guarded by instances_lock

heap::ThreadHeap* heap_of_thread(State& state, std::uint64_t thread) noexcept {
  const platform::LockGuard guard(state.heaps.lock);
  heap::ThreadHeap* heap = state.heaps.all;
  while (heap != nullptr && heap->thread != thread) {
    heap = heap->next;
  }
  return heap;
}

extern "C" void on_thread_end(void*) {
  for (RememberedHeap& heap : remembered) {
    heap = {};
  }
  const platform::LockGuard guard(instances_lock);
  for (State* state = instances; state != nullptr; state = state->next) {
    if (heap::ThreadHeap* heap = heap_of_thread(*state, own_thread); heap != nullptr) {
      heap::abandon(state->heaps, heap);
    }
  }
}

constexpr auto for_each_fork_lock = [](auto visit) {
  visit(instances_lock);
  for (State* state = instances; state != nullptr; state = state->next) {
    visit(state->heaps.lock);
    visit(state->lock);
  }
};

extern "C" void before_fork() { platform::ForkLocks::take(for_each_fork_lock, &instances_lock); }

extern "C" void after_fork_in_parent() { platform::ForkLocks::release(for_each_fork_lock, &instances_lock); }

extern "C" void after_fork_in_child() {
  // A thread that was interrupted in the midst of a change completes it later, and then can adopt nothing.
  bool are_heaps_whole = true;
  for_each_fork_lock(
      [&](const platform::Lock& lock) { are_heaps_whole = are_heaps_whole && lock.is_held_by_own_fork(); });
  platform::ForkLocks::reset(for_each_fork_lock);
  if (!platform::ForkLocks::had_threads() || !are_heaps_whole) {
    return;
  }
  for (State* state = instances; state != nullptr; state = state->next) {
    heap::ThreadHeap* const own = own_thread == 0 ? nullptr : heap_of_thread(*state, own_thread);
    heap::ThreadHeap* const orphans = heap::begin_adoption(state->heaps, own);
    if (orphans != nullptr) {
      for_each_page(*state, [&](Page* page) { heap::adopt_orphan(orphans, own, page); });
      heap::end_adoption(state->heaps, orphans);
    }
  }
}

// For the tracked heap, if there is one: describes a block that was passed to free(). Waits for no lock.
int find_block(const void* pointer, ar_heap__owned_block* found) {
  if (!instances_lock.try_lock()) {
    return 0;
  }
  State* state = instances;
  while (state != nullptr && !describe_block(*state, reinterpret_cast<std::uintptr_t>(pointer), *found)) {
    state = state->next;
  }
  instances_lock.unlock();
  return state != nullptr ? 1 : 0;
}

}  // namespace

void enter_instance(State& state) noexcept {
  state.id = instances_made.fetch_add(1, std::memory_order_relaxed) + 1;
  state.remembered = static_cast<std::uint32_t>(state.id % remembered_heaps);
  if (!state.settings.thread_safe) {
    return;
  }
  const platform::LockGuard guard(instances_lock);
  if (!prepared) {
    pthread_key_create(&thread_end_key, on_thread_end);
    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
    prepared = true;
  }
  state.next = instances;
  if (instances != nullptr) {
    instances->previous = &state;
  } else if (&ar_heap__add_block_finder != nullptr) {
    ar_heap__add_block_finder(find_block, "a general purpose allocator");
  }
  instances = &state;
}

void remove_instance(State& state) noexcept {
  if (!state.settings.thread_safe) {
    return;
  }
  const platform::LockGuard guard(instances_lock);
  (state.previous != nullptr ? state.previous->next : instances) = state.next;
  if (state.next != nullptr) {
    state.next->previous = state.previous;
  }
  if (instances == nullptr && &ar_heap__remove_block_finder != nullptr) {
    ar_heap__remove_block_finder(find_block);
  }
}

heap::ThreadHeap* attach_heap(State& state) noexcept {
  if (!state.settings.thread_safe) {
    state.sole_heap = heap::take_heap(state.heaps, 0);
    return state.sole_heap;
  }
  if (own_thread == 0) {
    own_thread = threads.fetch_add(1, std::memory_order_relaxed) + 1;
  }
  heap::ThreadHeap* heap = heap_of_thread(state, own_thread);
  if (heap == nullptr) {
    heap = heap::take_heap(state.heaps, own_thread);
  }
  if (heap == nullptr) {
    return nullptr;
  }
  remembered[state.remembered] = {state.id, heap};
  // Also when this thread's end has begun: then the handler is called again.
  pthread_setspecific(thread_end_key, remembered);
  return heap;
}

}  // namespace ar::general_purpose

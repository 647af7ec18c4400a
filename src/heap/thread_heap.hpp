// The heap of each of the process's threads, from its first allocation to its end; fork.
#pragma once

#include <pthread.h>

#include "heap/heap_list.hpp"
#include "heap/large.hpp"
#include "heap/metadata.hpp"
#include "heap/spans.hpp"

namespace ar::heap {

extern constinit HeapList process_heaps;

// What the layer above wants to be told: the process's first allocation (before it is served), and the end
// of a thread (before its heap is given up). Either may be null. Defined by the layer above.
struct Hooks {
  void (*first_allocation)() noexcept;
  void (*thread_ends)() noexcept;
};
extern constinit const Hooks hooks;

// Called by the hook of the first allocation: this heap serves no request, and no thread gets one.
void stand_aside() noexcept;
[[nodiscard]] bool stands_aside() noexcept;  // also as long as this library is not relocated

// Gives the calling thread, which has none, its heap. Null when there is no memory, and while this heap
// stands aside.
[[nodiscard]] ThreadHeap* attach_thread() noexcept;

// pthread_key_create and pthread_key_delete of a C library.
struct KeyCalls {
  int (*create)(pthread_key_t* key, void (*at_end)(void*));
  int (*remove)(pthread_key_t key);
};

// Notices the ends of threads that another C library of the process starts.
void follow_ends_of_threads(const KeyCalls& of) noexcept;

// The process's first allocation comes before there is thread-local storage to attach to.
void start_without_thread() noexcept;

// The heap shared by threads past their end (and before their beginning), held by one of them at a time.
// heap() may be null: no memory.
class LateHeap {
 public:
  LateHeap() noexcept;
  ~LateHeap();
  LateHeap(const LateHeap&) = delete;
  LateHeap& operator=(const LateHeap&) = delete;
  [[nodiscard]] ThreadHeap* heap() const noexcept { return heap_; }

 private:
  ThreadHeap* heap_;
};

[[nodiscard]] platform::Lock& late_heap_lock() noexcept;  // for fork

// The thread gives up its heap. Further allocations of it are served from a heap shared by ending threads.
void detach_thread() noexcept;

// Gives free memory back to the system: the caller's own cached pages, those that dead threads left, and all
// that is shared.
bool trim() noexcept;

// Where addresses are limited: lets go of those that hold nothing. To be called when memory cannot be had,
// before trying once more.
void make_room() noexcept;

// The locks that a fork takes, in the order in which threads take several.
template <typename Visit>
void for_each_fork_lock(Visit visit) noexcept {
  visit(late_heap_lock());
  visit(process_heaps.lock);
  visit(mappings_lock());
  visit(spans_lock());
  visit(metadata_lock());
}

// In the child of a fork that had threads beside the one that runs on, once the locks are free: the heaps of
// the others become abandoned.
void after_fork_in_child() noexcept;

}  // namespace ar::heap

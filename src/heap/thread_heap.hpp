// The heap of each of the process's threads, from its first allocation to its end; fork.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "heap/heap_list.hpp"
#include "heap/page.hpp"
#include "heap/process_pages.hpp"
#include "heap/watch.hpp"

namespace ar::heap {

// What a thread keeps in thread-local storage, for all layers: initial-exec, at most 64 bytes.
struct ThreadState {
  // Never null, except while the loader relocates the program: an ifunc's resolver may allocate then, and the
  // thread-local storage of the first thread is zeros that will be written over.
  ThreadHeap* heap;
  void* recorder;    // the tracker's, see track/threads/recorder.hpp; null: none yet, or tracking is off
  HeapWatch* watch;  // who watches this thread; null: nobody
  bool ended;        // thread-exit handlers have run: no heap of its own any more
  bool starting;     // it is running the hook of the process's first allocation
};

extern constinit thread_local ThreadState thread_state __attribute__((tls_model("initial-exec")));

extern constinit ThreadHeap empty_heap;  // of threads that have none yet: every fast path fails

extern constinit ThreadHeap watched_heap;  // of threads that are watched: every fast path fails, too

// The thread's heap, though it be watched.
[[nodiscard]] inline ThreadHeap* own_heap() noexcept {
  return thread_state.watch == nullptr ? thread_state.heap : thread_state.watch->own;
}

// Owner of pages that belong to no heap: no thread's, and not null.
[[nodiscard]] inline ThreadHeap* nobody() noexcept { return reinterpret_cast<ThreadHeap*>(&empty_page); }

extern constinit HeapList process_heaps;

// What the layer above wants to be told: the process's first allocation (before it is served), and the end
// of a thread (before its heap is given up). Either may be null. Defined by the layer above.
struct Hooks {
  void (*first_allocation)() noexcept;
  void (*thread_ends)() noexcept;
};
extern constinit const Hooks hooks;

// The slow paths of allocate.hpp.
struct Allocated {
  void* block;  // null when there is no memory
  Page* page;
};
[[nodiscard]] Allocated allocate_slow(std::size_t size) noexcept;
[[nodiscard]] Allocated allocate_aligned_slow(std::size_t size, std::size_t alignment) noexcept;
void release_slow(Page* page, FreeBlock* block) noexcept;  // page of another thread's heap, or of one block

// Second metadata word of each block of the page; null when there is no memory.
[[nodiscard]] std::uint64_t* annex_of(Page* page) noexcept;

// Gives the calling thread, which has none, its heap. Null when there is no memory.
[[nodiscard]] ThreadHeap* attach_thread() noexcept;

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

// The thread gives up its heap. Further allocations of it are served from a heap shared by ending threads.
void detach_thread() noexcept;

// Gives free memory back to the system: the caller's own cached pages, those that dead threads left, and all
// that is shared.
bool trim() noexcept;

// Where addresses are limited: lets go of those that hold nothing. To be called when memory cannot be had,
// before trying once more.
void make_room() noexcept;

void before_fork() noexcept;
void after_fork_in_parent() noexcept;
void after_fork_in_child() noexcept;  // heaps of the threads that are gone become abandoned

}  // namespace ar::heap

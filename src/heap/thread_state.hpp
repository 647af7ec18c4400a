// What a thread keeps in thread-local storage: its heap, its recorder, and who watches it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "heap/class_pages.hpp"

namespace ar::heap {

// One use of the C API's struct of the same layout (arpent/heap_watch.h), see watch.hpp. The watcher owns it.
struct HeapWatch {
  std::size_t allocations;  // calls that got a block, or another size for one, or found no memory
  std::size_t releases;     // calls that gave one back
  std::uintptr_t first;     // return address of the first call that allocated; 0: none, or not known
  ThreadHeap* own;          // the thread's heap, set aside
};

// What a thread keeps in thread-local storage, for all layers: initial-exec, at most 64 bytes.
//
// The order counts. Before the loader has relocated this library, accesses to it lead to what the thread
// pointer points to. On x86-64 that is glibc's descriptor of the thread, whose fourth and fifth word are zero
// then (the first three are not). On aarch64 it is two words and then the program's own thread-local storage,
// which is zero until the loader initialises it, after it has relocated all modules of the start; a library
// that is opened later may find other values there.
struct ThreadState {
  void* recorder;  // the tracker's, see track/threads/recorder.hpp; null: none yet, or tracking is off
  bool ended;      // thread-exit handlers have run: no heap of its own any more
  bool starting;   // it is running the hook of the process's first allocation
  void* unused;
  HeapWatch* watch;  // the watch on this thread; null if there is none
  // Never null, except while the loader relocates this library or the program: an ifunc's resolver may
  // allocate then. Before the program's, the thread-local storage of the first thread is zeros that will be
  // written over.
  ThreadHeap* heap;
};
static_assert(offsetof(ThreadState, watch) == 24 && offsetof(ThreadState, heap) == 32);

extern constinit thread_local ThreadState thread_state __attribute__((tls_model("initial-exec")));

extern constinit ThreadHeap empty_heap;  // of threads that have none yet: every fast path fails

extern constinit ThreadHeap watched_heap;  // of threads that are watched: every fast path fails, too

// The thread's own heap, even while a HeapWatch stands in for it.
[[nodiscard]] inline ThreadHeap* own_heap() noexcept {
  return thread_state.watch == nullptr ? thread_state.heap : thread_state.watch->own;
}

// Of pages that belong to no heap: no thread's, and not null.
[[nodiscard]] inline ThreadHeap* no_heap() noexcept { return reinterpret_cast<ThreadHeap*>(&empty_page); }

// Ends whatever watch there is of this thread.
inline void restore_own_heap() noexcept {
  thread_state.heap = own_heap();
  thread_state.watch = nullptr;
}

}  // namespace ar::heap

// The heaps of all threads that share a source of pages: how threads get one, and what becomes of a heap
// whose thread has ended.
//
// A heap outlives its thread: it is kept, with the pages that still hold blocks, until a new thread takes it
// over or a living one that needs pages takes its pages in.
#pragma once

#include <atomic>
#include <cstdint>

#include "heap/class_pages.hpp"
#include "platform/lock.hpp"

namespace ar::heap {

struct HeapList {
  PageSource* source;
  platform::Lock lock{};  // guards what follows
  ThreadHeap* all = nullptr;
  ThreadHeap* abandoned = nullptr;
  std::atomic<std::uint32_t> abandoned_count{0};
  ThreadHeap* spares = nullptr;  // without pages
  // In the child of a fork, of the thread that runs on, if its pages may wait for notices of threads that are
  // gone; null once another thread has a heap.
  std::atomic<ThreadHeap*> unsettled{nullptr};
};

// A heap for a thread that has none: one that a dead thread left if there is one. Null without memory.
[[nodiscard]] ThreadHeap* take_heap(HeapList& heaps, std::uint64_t thread) noexcept;

// The heap's thread gives it up.
void abandon(HeapList& heaps, ThreadHeap* heap) noexcept;

// Adds the pages of one dead thread's heap to `heap`. False when there is none.
bool take_in_abandoned(HeapList& heaps, ThreadHeap* heap) noexcept;

// A page of the class with a free block, for the thread whose heap it is. Null without memory.
[[nodiscard]] Page* page_to_allocate_from(HeapList& heaps, ThreadHeap* heap, unsigned index) noexcept;

// In the child of a fork, in which only the thread of `own` (null: it has no heap) still runs. The other
// threads stopped at arbitrary points, perhaps in the middle of linking a page into a list. So their heaps'
// lists are not looked at: the pages themselves say whose they were. First all heaps but one are emptied; the
// caller then has each page adopted that is not of its own heap, by the heap returned (null: no memory), and
// abandons that. The own heap is left alone: the fork may come from a signal handler that has interrupted
// work on it.
[[nodiscard]] ThreadHeap* begin_adoption(HeapList& heaps, ThreadHeap* own) noexcept;
void adopt_orphan(ThreadHeap* orphans, const ThreadHeap* own, Page* page) noexcept;
void end_adoption(HeapList& heaps, ThreadHeap* orphans) noexcept;

}  // namespace ar::heap

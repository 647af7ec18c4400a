#include "heap/heap_list.hpp"

#include "platform/assert.hpp"

namespace ar::heap {

namespace {

void reset_heap(ThreadHeap* heap) noexcept {
  heap->direct = {};
  for (PageList& list : heap->with_room) {
    list = {};
  }
  heap->full = {};
  heap->notified.store(nullptr, std::memory_order_relaxed);
  heap->retiring_from = class_count;
  heap->retiring_to = 0;
}

// A page of `with_room` that may be empty: given up unless it is kept.
void release_if_empty(const ThreadHeap* heap, Page* page, PageList& list) noexcept {
  if (page->used == 0 && (heap->source->empty_pages == EmptyPages::given_back || list.first != list.last)) {
    try_release_page(page, list);
  }
}

// Adds a page whose thread is not at work to a heap, in the state its contents say.
void adopt_page(ThreadHeap* heap, Page* page) noexcept {
  page->heap.store(heap, std::memory_order_seq_cst);
  page->retiring = 0;
  collect_remote(page);
  PageList& with_room = heap->with_room[page->size_class];
  if (page->used != 0 && page->free == nullptr && page->waiting == nullptr &&
      page->block_count == page->capacity && ask_for_notice(page)) {
    push_front(heap->full, page);
    page->full = true;
    page->slow_at = page->used - 1;
  } else {
    page->full = false;
    page->slow_at = 0;
    page->remote.fetch_and(~notify_bit, std::memory_order_relaxed);
    push_back(with_room, page);
    release_if_empty(heap, page, with_room);
  }
}

void all_queues_changed(ThreadHeap* heap) noexcept {
  for (unsigned index = 1; index < class_count; ++index) {
    queue_changed(heap, index);
  }
}

}  // namespace

ThreadHeap* take_heap(HeapList& heaps, std::uint64_t thread) noexcept {
  const platform::LockGuard guard(heaps.lock);
  ThreadHeap* heap = heaps.abandoned;
  if (heap != nullptr) {
    heaps.abandoned = heap->next_abandoned;
    heaps.abandoned_count.fetch_sub(1, std::memory_order_relaxed);
  } else if (heaps.spares != nullptr) {
    heap = heaps.spares;
    heaps.spares = heap->next_abandoned;
  } else {
    heap = heaps.source->make_heap(*heaps.source);
    if (heap == nullptr) {
      return nullptr;
    }
    reset_heap(heap);
    heap->source = heaps.source;
    heap->next = heaps.all;
    heaps.all = heap;
  }
  heap->thread = thread;
  heaps.unsettled.store(nullptr, std::memory_order_relaxed);
  return heap;
}

void abandon(HeapList& heaps, ThreadHeap* heap) noexcept {
  accept_notified(heap);
  release_retired(heap, true);
  for (unsigned index = 1; index < class_count; ++index) {
    PageList& list = heap->with_room[index];
    for (Page* page = list.first; page != nullptr;) {
      Page* next = page->next;
      collect_remote(page);
      release_if_empty(heap, page, list);
      page = next;
    }
    queue_changed(heap, index);
  }
  const platform::LockGuard guard(heaps.lock);
  heap->thread = 0;
  heap->next_abandoned = heaps.abandoned;
  heaps.abandoned = heap;
  heaps.abandoned_count.fetch_add(1, std::memory_order_relaxed);
}

bool take_in_abandoned(HeapList& heaps, ThreadHeap* heap) noexcept {
  if (heaps.abandoned_count.load(std::memory_order_relaxed) == 0 || !heaps.lock.try_lock()) {
    return false;
  }
  ThreadHeap* source = heaps.abandoned;
  if (source != nullptr) {
    heaps.abandoned = source->next_abandoned;
    heaps.abandoned_count.fetch_sub(1, std::memory_order_relaxed);
    for (unsigned index = 1; index < class_count; ++index) {
      while (Page* page = source->with_room[index].first) {
        remove(source->with_room[index], page);
        adopt_page(heap, page);
      }
      queue_changed(heap, index);
    }
    while (Page* page = source->full.first) {
      remove(source->full, page);
      page->remote.fetch_and(~notify_bit, std::memory_order_relaxed);
      adopt_page(heap, page);
    }
    all_queues_changed(heap);
    all_queues_changed(source);
    // Whoever frees into one of these pages and still saw the old heap looks again after notifying it
    // (free_remote), so between the two of us nothing stays behind.
    accept_notified(source);
    source->next_abandoned = heaps.spares;
    heaps.spares = source;
  }
  heaps.lock.unlock();
  return source != nullptr;
}

namespace {

// In the child of a fork, the threads that would have delivered notices are gone.
void settle_notices(ThreadHeap* heap) noexcept {
  accept_notified(heap);
  for (PageList& list : heap->with_room) {
    for (Page* page = list.first; page != nullptr; page = page->next) {
      page->remote.fetch_and(~remote_bits, std::memory_order_relaxed);
    }
  }
  for (Page* page = heap->full.first; page != nullptr;) {
    Page* next = page->next;
    if ((page->remote.fetch_and(~notice_in_flight, std::memory_order_relaxed) & notice_in_flight) != 0) {
      collect_remote(page);
      mark_with_room(heap, page);
    }
    page = next;
  }
}

// A thread that would deliver notices by now waits for its heap meanwhile, or has one: then it is too late.
[[gnu::noinline]] void settle_after_fork(HeapList& heaps, ThreadHeap* heap) noexcept {
  const platform::LockGuard guard(heaps.lock);
  if (heaps.unsettled.load(std::memory_order_relaxed) == heap) {
    settle_notices(heap);
    heaps.unsettled.store(nullptr, std::memory_order_relaxed);
  }
}

}  // namespace

Page* page_to_allocate_from(HeapList& heaps, ThreadHeap* heap, unsigned index) noexcept {
  if (heaps.unsettled.load(std::memory_order_relaxed) == heap) [[unlikely]] {
    settle_after_fork(heaps, heap);
  }
  accept_notified(heap);
  release_retired(heap, false);
  Page* page = page_with_room(heap, index);
  if (page == nullptr && take_in_abandoned(heaps, heap)) {
    page = page_with_room(heap, index);
  }
  if (page == nullptr) {
    page = fresh_page(heap, index);
    if (page != nullptr) {
      push_front(heap->with_room[index], page);
    }
  }
  queue_changed(heap, index);
  ARPENT_ASSERT_EXPENSIVE(page == nullptr || is_consistent(page));
  return page;
}

ThreadHeap* begin_adoption(HeapList& heaps, ThreadHeap* own) noexcept {
  expect_half_done_pages();
  heaps.abandoned = nullptr;
  heaps.spares = nullptr;
  heaps.abandoned_count.store(0, std::memory_order_relaxed);
  for (ThreadHeap* heap = heaps.all; heap != nullptr; heap = heap->next) {
    if (heap != own) {
      reset_heap(heap);
      heap->thread = 0;
      heap->next_abandoned = heaps.spares;
      heaps.spares = heap;
    }
  }
  ThreadHeap* const orphans = take_heap(heaps, 0);
  heaps.unsettled.store(own, std::memory_order_relaxed);
  return orphans;
}

void adopt_orphan(ThreadHeap* orphans, const ThreadHeap* own, Page* page) noexcept {
  if (page->state.load(std::memory_order_relaxed) == PageState::blocks &&
      page->heap.load(std::memory_order_relaxed) != own) {
    page->remote.fetch_and(~remote_bits, std::memory_order_relaxed);
    adopt_page(orphans, page);
  }
}

void end_adoption(HeapList& heaps, ThreadHeap* orphans) noexcept {
  all_queues_changed(orphans);
  abandon(heaps, orphans);
}

}  // namespace ar::heap

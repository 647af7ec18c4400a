#include "heap/thread_heap.hpp"

#include <pthread.h>

#include "heap/class_pages.hpp"
#include "heap/large.hpp"
#include "heap/metadata.hpp"
#include "heap/segment_map.hpp"
#include "heap/spans.hpp"

namespace ar::heap {

constinit Page empty_page = {};
constinit ThreadHeap empty_heap = {};
constinit thread_local ThreadState thread_state = {&empty_heap, nullptr, nullptr, false, false};
constinit bool keep_slots = false;

namespace {

platform::Lock late_lock;         // guards late_heap
ThreadHeap* late_heap = nullptr;  // shared by threads past their end
platform::Lock heaps_lock;        // guards what follows
ThreadHeap* all_heaps = nullptr;
ThreadHeap* abandoned = nullptr;
std::atomic<std::uint32_t> abandoned_count{0};
ThreadHeap* spares = nullptr;  // without pages
pthread_key_t exit_key;
platform::Lock start_lock;
std::atomic<bool> started{false};

bool has_heap() noexcept { return thread_state.heap != nullptr && thread_state.heap != &empty_heap; }

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

// A heap for a new thread: one that a dead thread left if there is one.
ThreadHeap* take_heap() noexcept {
  const platform::LockGuard guard(heaps_lock);
  ThreadHeap* heap = abandoned;
  if (heap != nullptr) {
    abandoned = heap->next_abandoned;
    abandoned_count.fetch_sub(1, std::memory_order_relaxed);
    heap->attached = true;
    return heap;
  }
  if (spares != nullptr) {
    heap = spares;
    spares = heap->next_abandoned;
    heap->attached = true;
    return heap;
  }
  heap = static_cast<ThreadHeap*>(allocate_metadata(sizeof(ThreadHeap)));
  if (heap == nullptr) {
    return nullptr;
  }
  reset_heap(heap);
  heap->attached = true;
  heap->next = all_heaps;
  all_heaps = heap;
  return heap;
}

void abandon(ThreadHeap* heap) noexcept {
  accept_notified(heap);
  release_retired(heap, true);
  for (unsigned index = 1; index < class_count; ++index) {
    for (Page* page = heap->with_room[index].first; page != nullptr;) {
      Page* next = page->next;
      collect_remote(page);
      if (page->used == 0) {
        try_release_page(page, heap->with_room[index]);
      }
      page = next;
    }
    queue_changed(heap, index);
  }
  const platform::LockGuard guard(heaps_lock);
  heap->attached = false;
  heap->next_abandoned = abandoned;
  abandoned = heap;
  abandoned_count.fetch_add(1, std::memory_order_relaxed);
}

// Adds a page whose owner is not at work to a heap, in the state its contents say.
void adopt_page(ThreadHeap* heap, Page* page) noexcept {
  page->owner.store(heap, std::memory_order_seq_cst);
  page->retiring = 0;
  collect_remote(page);
  PageList& with_room = heap->with_room[page->size_class];
  if (page->used != 0 && page->free == nullptr && page->carved == page->capacity && ask_for_notice(page)) {
    push_front(heap->full, page);
    page->full = true;
    page->slow_at = page->used - 1;
  } else {
    page->full = false;
    page->slow_at = 0;
    page->remote.fetch_and(~notify_bit, std::memory_order_relaxed);
    push_back(with_room, page);
    if (page->used == 0) {
      try_release_page(page, with_room);
    }
  }
}

extern "C" void on_thread_exit(void*) noexcept {
  if (hooks.thread_ends != nullptr) {
    hooks.thread_ends();
  }
  detach_thread();
}

}  // namespace

bool take_in_abandoned(ThreadHeap* heap) noexcept {
  if (abandoned_count.load(std::memory_order_relaxed) == 0 || !heaps_lock.try_lock()) {
    return false;
  }
  ThreadHeap* source = abandoned;
  if (source != nullptr) {
    abandoned = source->next_abandoned;
    abandoned_count.fetch_sub(1, std::memory_order_relaxed);
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
    for (unsigned index = 1; index < class_count; ++index) {
      queue_changed(heap, index);
      queue_changed(source, index);
    }
    // Whoever frees into one of these pages and still saw the old owner looks again after telling it
    // (free_remote), so between the two of us nothing stays behind.
    accept_notified(source);
    source->next_abandoned = spares;
    spares = source;
  }
  heaps_lock.unlock();
  return source != nullptr;
}

namespace {

// Threads that allocate for the first time together wait for the one that starts the heap.
void start_once() noexcept {
  if (started.load(std::memory_order_acquire) || thread_state.starting) {
    return;
  }
  const platform::LockGuard guard(start_lock);
  if (started.load(std::memory_order_relaxed)) {
    return;
  }
  thread_state.starting = true;
  pthread_key_create(&exit_key, on_thread_exit);
  if (hooks.first_allocation != nullptr) {
    hooks.first_allocation();
  }
  thread_state.starting = false;
  started.store(true, std::memory_order_release);
}

}  // namespace

void start_without_thread() noexcept { start_once(); }

ThreadHeap* attach_thread() noexcept {
  start_once();
  ThreadHeap* heap = take_heap();
  if (heap == nullptr) {
    return nullptr;
  }
  thread_state.heap = heap;
  // May allocate, which works from here on.
  pthread_setspecific(exit_key, heap);
  return heap;
}

void detach_thread() noexcept {
  if (thread_state.watch != nullptr) {
    end_watch(*thread_state.watch);
  }
  ThreadHeap* heap = thread_state.heap;
  thread_state.ended = true;
  if (has_heap()) {
    thread_state.heap = &empty_heap;
    abandon(heap);
  }
}

LateHeap::LateHeap() noexcept {
  late_lock.lock();
  if (late_heap == nullptr) {
    late_heap = take_heap();
  }
  heap_ = late_heap;
}

LateHeap::~LateHeap() { late_lock.unlock(); }

namespace {

// Empty pages of the caller's heap, and of dead threads' heaps, become free spans.
void release_empty_pages() noexcept {
  if (!has_heap()) {
    return;
  }
  ThreadHeap* heap = own_heap();
  while (take_in_abandoned(heap)) {
  }
  accept_notified(heap);
  release_retired(heap, true);
}

}  // namespace

bool trim() noexcept {
  release_empty_pages();
  const bool spans = purge_spans();
  return purge_mappings() || spans;
}

void make_room() noexcept {
  release_empty_pages();
  release_free_segments();
  (void)purge_mappings();
}

void before_fork() noexcept {
  late_lock.lock();
  heaps_lock.lock();
  mappings_lock().lock();
  spans_lock().lock();
  metadata_lock().lock();
}

void after_fork_in_parent() noexcept {
  metadata_lock().unlock();
  spans_lock().unlock();
  mappings_lock().unlock();
  heaps_lock.unlock();
  late_lock.unlock();
}

namespace {

// The threads that would have delivered notices are gone.
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

}  // namespace

// The other threads stopped at arbitrary points, perhaps in the middle of linking a page into a list. So
// their heaps' lists are not looked at: the pages themselves say whose they were.
void after_fork_in_child() noexcept {
  metadata_lock().reset();
  spans_lock().reset();
  mappings_lock().reset();
  heaps_lock.reset();
  late_lock.reset();
  ThreadHeap* own = own_heap();
  late_heap = nullptr;
  abandoned = nullptr;
  spares = nullptr;
  abandoned_count.store(0, std::memory_order_relaxed);
  for (ThreadHeap* heap = all_heaps; heap != nullptr; heap = heap->next) {
    if (heap != own) {
      reset_heap(heap);
      heap->attached = false;
      heap->next_abandoned = spares;
      spares = heap;
    }
  }
  if (has_heap()) {
    settle_notices(own);
  }
  ThreadHeap* orphans = take_heap();
  if (orphans == nullptr) {
    return;
  }
  for (Segment* segment = first_segment(); segment != nullptr; segment = segment->next) {
    for (std::size_t slice = 0; slice < segment->slice_count;) {
      Page* page = &segment->pages[slice];
      slice += page->slice_count;
      if (page->state.load(std::memory_order_relaxed) == PageState::blocks &&
          page->owner.load(std::memory_order_relaxed) != own) {
        page->remote.fetch_and(~remote_bits, std::memory_order_relaxed);
        adopt_page(orphans, page);
      }
    }
  }
  for (unsigned index = 1; index < class_count; ++index) {
    queue_changed(orphans, index);
  }
  abandon(orphans);
}
}  // namespace ar::heap

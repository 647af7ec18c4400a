#include "heap/class_pages.hpp"

#include "platform/assert.hpp"
#include "platform/shared_field.hpp"

namespace ar::heap {

using platform::publish;
using platform::store_relaxed;

constinit Page empty_page = {};

namespace {

// Blocks are put on the free list by so many bytes: what is not needed yet stays untouched.
constexpr std::size_t extend_bytes = 4096;

constinit bool pages_may_be_half_done = false;

// Bytes from one block's link to the next one's.
std::size_t link_stride(const Page* page) noexcept {
  const std::size_t stride = page->heap.load(std::memory_order_relaxed)->source->link_stride;
  return stride == 0 ? page->block_size : stride;
}

bool has_live_slot(const Page* page, std::size_t index) noexcept {
  return page->slots != nullptr && (platform::load_relaxed(page->slots[index]) & 1U) != 0;
}

void point_direct_to(ThreadHeap* heap, unsigned index, Page* page) noexcept {
  if (class_size(index) > largest_direct_size) {
    return;
  }
  std::size_t entry = class_size(index) / granularity;
  const std::size_t previous = index == 1 ? 0 : class_size(index - 1) / granularity + 1;
  for (;; --entry) {
    heap->direct.pages[entry] = page;
    if (entry == previous) {
      return;
    }
  }
}

void extend_free_list(Page* page) noexcept {
  const std::size_t size = page->block_size;
  std::size_t count = size >= extend_bytes ? 1 : extend_bytes / size;
  if (count > page->capacity - page->block_count) {
    count = page->capacity - page->block_count;
  }
  if (page->slots != nullptr) {
    for (std::size_t i = 0; i < count; ++i) {
      store_relaxed(page->slots[page->block_count + i], 0);
    }
  }
  const std::size_t stride = link_stride(page);
  const std::uintptr_t first = page->links + page->block_count * stride;
  // Counted before they are on the list: in the child of a fork in between they are lost, not handed out
  // twice.
  publish(page->block_count, page->block_count + static_cast<std::uint32_t>(count));
  auto* block = reinterpret_cast<FreeBlock*>(first);
  for (std::size_t i = 1; i < count; ++i) {
    block->next = reinterpret_cast<FreeBlock*>(first + i * stride);
    block = block->next;
  }
  block->next = page->free;
  publish(page->free, reinterpret_cast<FreeBlock*>(first));
}

}  // namespace

bool is_consistent(const Page* page) noexcept {
  const std::size_t stride = link_stride(page);
  std::size_t free_count = 0;
  for (const FreeBlock* list : {page->free, page->waiting}) {
    for (const FreeBlock* link = list; link != nullptr; link = link->next) {
      const std::size_t offset = reinterpret_cast<std::uintptr_t>(link) - page->links;
      if (++free_count > page->block_count || offset % stride != 0 || offset / stride >= page->block_count ||
          has_live_slot(page, offset / stride)) {
        return false;
      }
    }
  }
  return page->block_count <= page->capacity &&
         (pages_may_be_half_done || free_count + page->used == page->block_count);
}

void expect_half_done_pages() noexcept { pages_may_be_half_done = true; }

void queue_changed(ThreadHeap* heap, unsigned index) noexcept {
  Page* first = heap->with_room[index].first;
  point_direct_to(heap, index, first == nullptr ? &empty_page : first);
}

// Moves what other threads freed to the page's own list.
void collect_remote(Page* page) noexcept {
  if ((page->remote.load(std::memory_order_relaxed) & ~remote_bits) == 0) {
    return;
  }
  auto* block = reinterpret_cast<FreeBlock*>(
      page->remote.fetch_and(notice_in_flight, std::memory_order_acquire) & ~remote_bits);
  while (block != nullptr) {
    FreeBlock* next = block->next;
    block->next = page->free;
    page->free = block;
    --page->used;
    block = next;
  }
  ARPENT_ASSERT_EXPENSIVE(is_consistent(page));
}

namespace {

// The last freed comes first in `waiting`, the first freed in `free`.
void take_waiting(Page* page) noexcept {
  while (FreeBlock* block = page->waiting) {
    page->waiting = block->next;
    block->next = page->free;
    page->free = block;
  }
}

}  // namespace

// Arranges that the next free by another thread is told. False when one has come in between.
bool ask_for_notice(Page* page) noexcept {
  std::uintptr_t head = 0;
  if (page->remote.compare_exchange_strong(head, notify_bit, std::memory_order_release,
                                           std::memory_order_relaxed)) {
    return true;
  }
  return (head & ~remote_bits) == 0;  // a notice is on its way already
}

bool try_release_page(Page* page, PageList& list) noexcept {
  PageSource& source = *page->heap.load(std::memory_order_relaxed)->source;
  if (source.empty_pages == EmptyPages::kept ||
      (page->remote.load(std::memory_order_acquire) & notice_in_flight) != 0) {
    return false;
  }
  ARPENT_ASSERT(page->used == 0);
  ARPENT_ASSERT_EXPENSIVE(is_consistent(page));
  remove(list, page);
  page->state.store(PageState::taken, std::memory_order_release);
  source.give_back(source, page);
  return true;
}

Page* fresh_page(ThreadHeap* heap, unsigned index) noexcept {
  Page* page = heap->source->take(*heap->source, index);
  if (page == nullptr) {
    return nullptr;
  }
  const std::size_t size = class_size(index);
  publish(page->block_count, 0);
  publish(page->block_size, size);
  publish(page->reciprocal, reciprocal_of(size));
  page->capacity = static_cast<std::uint32_t>(page->slice_count * slice_size / size);
  page->free = nullptr;
  page->waiting = nullptr;
  page->used = 0;
  page->slow_at = 0;
  page->size_class = static_cast<std::uint8_t>(index);
  page->full = false;
  page->retiring = 0;
  page->notified_next = nullptr;
  page->remote.store(0, std::memory_order_relaxed);
  page->heap.store(heap, std::memory_order_relaxed);
  extend_free_list(page);
  page->state.store(PageState::blocks, std::memory_order_release);
  return page;
}

namespace {

void mark_full(ThreadHeap* heap, Page* page) noexcept {
  remove(heap->with_room[page->size_class], page);
  push_front(heap->full, page);
  page->full = true;
  page->slow_at = page->used - 1;
}

}  // namespace

void mark_with_room(ThreadHeap* heap, Page* page) noexcept {
  remove(heap->full, page);
  page->full = false;
  page->slow_at = 0;
  page->remote.fetch_and(~notify_bit, std::memory_order_relaxed);
  PageList& list = heap->with_room[page->size_class];
  const bool was_empty = list.first == nullptr;
  push_back(list, page);
  if (was_empty) {
    queue_changed(heap, page->size_class);
  }
}

// An empty page is kept for a while if it is the only one of its class: programs often free their last
// block of a size only to allocate it again.
constexpr std::uint8_t retire_small_after = 16;
constexpr std::uint8_t retire_medium_after = 4;

void retire(ThreadHeap* heap, Page* page) noexcept {
  PageList& list = heap->with_room[page->size_class];
  if (list.first == page && list.last == page) {
    if (heap->source->empty_pages == EmptyPages::given_back && page->retiring == 0) {
      page->retiring = page->block_size <= largest_small_size ? retire_small_after : retire_medium_after;
      heap->retiring_from = page->size_class < heap->retiring_from ? page->size_class : heap->retiring_from;
      heap->retiring_to = page->size_class > heap->retiring_to ? page->size_class : heap->retiring_to;
    }
    return;
  }
  const unsigned index = page->size_class;
  if (try_release_page(page, list)) {
    queue_changed(heap, index);
  }
}

void release_retired(ThreadHeap* heap, bool all) noexcept {
  std::uint32_t from = class_count;
  std::uint32_t to = 0;
  for (std::uint32_t index = heap->retiring_from; index <= heap->retiring_to; ++index) {
    Page* page = heap->with_room[index].first;
    if (page == nullptr || page->retiring == 0) {
      continue;
    }
    if (page->used != 0) {
      page->retiring = 0;
    } else if ((all || page->retiring == 1) && try_release_page(page, heap->with_room[index])) {
      queue_changed(heap, index);
    } else {
      page->retiring = page->retiring > 1 ? page->retiring - 1 : 1;
      from = index < from ? index : from;
      to = index;
    }
  }
  heap->retiring_from = from;
  heap->retiring_to = to;
}

void settle_page(Page* page) noexcept {
  ThreadHeap* heap = page->heap.load(std::memory_order_relaxed);
  if (page->full) {
    mark_with_room(heap, page);
  }
  if (page->used == 0) {
    retire(heap, page);
  }
}

void push_notified(ThreadHeap* heap, Page* page) noexcept {
  Page* head = heap->notified.load(std::memory_order_relaxed);
  do {
    page->notified_next = head;
  } while (!heap->notified.compare_exchange_weak(head, page, std::memory_order_seq_cst,
                                                 std::memory_order_relaxed));
}

void free_remote(Page* page, FreeBlock* block) noexcept {
  std::uintptr_t head = page->remote.load(std::memory_order_relaxed);
  std::uintptr_t with_block = 0;
  do {
    block->next = reinterpret_cast<FreeBlock*>(head & ~remote_bits);
    with_block = reinterpret_cast<std::uintptr_t>(block) | ((head & remote_bits) == 0 ? 0 : notice_in_flight);
  } while (!page->remote.compare_exchange_weak(head, with_block, std::memory_order_acq_rel,
                                               std::memory_order_relaxed));
  if ((head & notify_bit) == 0) {
    return;
  }
  ThreadHeap* current = page->heap.load(std::memory_order_seq_cst);
  push_notified(current, page);
  // The page may have changed hands meanwhile, and its former heap may be no thread's: pass the notice on.
  if (page->heap.load(std::memory_order_seq_cst) != current) {
    Page* late = current->notified.exchange(nullptr, std::memory_order_seq_cst);
    while (late != nullptr) {
      Page* next = late->notified_next;
      push_notified(late->heap.load(std::memory_order_seq_cst), late);
      late = next;
    }
  }
}

// Pages that other threads have freed blocks of: have room again.
void accept_notified(ThreadHeap* heap) noexcept {
  if (heap->notified.load(std::memory_order_relaxed) == nullptr) {
    return;
  }
  Page* page = heap->notified.exchange(nullptr, std::memory_order_seq_cst);
  while (page != nullptr) {
    Page* next = page->notified_next;
    ThreadHeap* current = page->heap.load(std::memory_order_relaxed);
    if (current != heap) {
      push_notified(current, page);
    } else {
      page->remote.fetch_and(~notice_in_flight, std::memory_order_acq_rel);
      collect_remote(page);
      if (page->full) {
        mark_with_room(heap, page);
      }
      if (page->used == 0) {
        retire(heap, page);
      }
    }
    page = next;
  }
}

namespace {

// Puts blocks on the page's empty free list, if it has any.
void refill(const ThreadHeap* heap, Page* page) noexcept {
  if (heap->source->reuse == Reuse::late) {
    if (page->block_count < page->capacity) {
      extend_free_list(page);
      return;
    }
    take_waiting(page);
  }
  if (page->free == nullptr) {
    collect_remote(page);
  }
  if (page->free == nullptr && page->block_count < page->capacity) {
    extend_free_list(page);
  }
}

}  // namespace

Page* page_with_room(ThreadHeap* heap, unsigned index) noexcept {
  PageList& list = heap->with_room[index];
  while (Page* page = list.first) {
    if (page->free == nullptr) {
      refill(heap, page);
    }
    if (page->free != nullptr) {
      return page;
    }
    if (ask_for_notice(page)) {
      mark_full(heap, page);
    }
  }
  return nullptr;
}

}  // namespace ar::heap

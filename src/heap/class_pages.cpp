#include "heap/class_pages.hpp"

#include "heap/metadata.hpp"
#include "heap/spans.hpp"
#include "platform/shared_field.hpp"

namespace ar::heap {

using platform::publish;
using platform::store_relaxed;

namespace {

// Blocks are put on the free list by so many bytes: what is not needed yet stays untouched.
constexpr std::size_t carve_bytes = 4096;

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

void carve(Page* page) noexcept {
  const std::size_t size = page->block_size;
  std::size_t count = size >= carve_bytes ? 1 : carve_bytes / size;
  if (count > page->capacity - page->carved) {
    count = page->capacity - page->carved;
  }
  if (page->slots != nullptr) {
    for (std::size_t i = 0; i < count; ++i) {
      store_relaxed(page->slots[page->carved + i], 0);
    }
  }
  const std::uintptr_t first = page->start + page->carved * size;
  // Counted before they are on the list: in the child of a fork in between they are lost, not carved again.
  publish(page->carved, page->carved + static_cast<std::uint32_t>(count));
  auto* block = reinterpret_cast<FreeBlock*>(first);
  for (std::size_t i = 1; i < count; ++i) {
    block->next = reinterpret_cast<FreeBlock*>(first + i * size);
    block = block->next;
  }
  block->next = page->free;
  publish(page->free, reinterpret_cast<FreeBlock*>(first));
}

}  // namespace

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
}

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
  if ((page->remote.load(std::memory_order_acquire) & notice_in_flight) != 0) {
    return false;
  }
  remove(list, page);
  // Out of the page before they are anyone else's: a look-up must not take another page's words for this
  // one's, a stray free must find none, and the child of a fork in between must not give them back again.
  page->state.store(PageState::taken, std::memory_order_release);
  std::uint64_t* slots = page->slots;
  std::uint64_t* annex = page->annex;
  publish(page->slots, nullptr);
  publish(page->annex, nullptr);
  if (slots != nullptr) {
    free_metadata(slots, page->capacity * sizeof(std::uint64_t));
  }
  if (annex != nullptr) {
    free_metadata(annex, page->capacity * sizeof(std::uint64_t));
  }
  free_span(page);
  return true;
}

Page* fresh_page(ThreadHeap* heap, unsigned index) noexcept {
  const std::size_t size = class_size(index);
  const std::size_t slices = size <= largest_small_size ? 1 : medium_page_slices;
  Page* page = take_span(slices, slice_size);
  if (page == nullptr) {
    return nullptr;
  }
  publish(page->carved, 0);
  publish(page->block_size, size);
  publish(page->reciprocal, ((std::uint64_t{1} << reciprocal_shift) + size - 1) / size);
  page->capacity = static_cast<std::uint32_t>(slices * slice_size / size);
  page->free = nullptr;
  page->used = 0;
  page->slow_at = 0;
  publish(page->slots, nullptr);
  publish(page->annex, nullptr);
  page->mapped_size = 0;
  page->size_class = static_cast<std::uint8_t>(index);
  page->full = false;
  page->retiring = 0;
  page->notified_next = nullptr;
  page->remote.store(0, std::memory_order_relaxed);
  page->owner.store(heap, std::memory_order_relaxed);
  if (keep_slots) {
    publish(page->slots,
            static_cast<std::uint64_t*>(allocate_metadata(page->capacity * sizeof(std::uint64_t))));
    if (page->slots == nullptr) {
      free_span(page);
      return nullptr;
    }
  }
  for (std::uint32_t slice = 0; slice < page->slice_count; ++slice) {
    page[slice].distance = slice;
  }
  carve(page);
  page->state.store(PageState::blocks, std::memory_order_release);
  return page;
}

void mark_full(ThreadHeap* heap, Page* page) noexcept {
  remove(heap->with_room[page->size_class], page);
  push_front(heap->full, page);
  page->full = true;
  page->slow_at = page->used - 1;
}

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
    if (page->retiring == 0) {
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

void push_notified(ThreadHeap* heap, Page* page) noexcept {
  Page* head = heap->notified.load(std::memory_order_relaxed);
  do {
    page->notified_next = head;
  } while (!heap->notified.compare_exchange_weak(head, page, std::memory_order_seq_cst,
                                                 std::memory_order_relaxed));
}

// Pages that other threads have freed blocks of: have room again.
void accept_notified(ThreadHeap* heap) noexcept {
  if (heap->notified.load(std::memory_order_relaxed) == nullptr) {
    return;
  }
  Page* page = heap->notified.exchange(nullptr, std::memory_order_seq_cst);
  while (page != nullptr) {
    Page* next = page->notified_next;
    ThreadHeap* owner = page->owner.load(std::memory_order_relaxed);
    if (owner != heap) {
      push_notified(owner, page);
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

Page* page_with_room(ThreadHeap* heap, unsigned index) noexcept {
  PageList& list = heap->with_room[index];
  while (Page* page = list.first) {
    if (page->free == nullptr) {
      collect_remote(page);
    }
    if (page->free == nullptr && page->carved < page->capacity) {
      carve(page);
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

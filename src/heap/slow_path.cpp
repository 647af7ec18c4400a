#include "heap/slow_path.hpp"

#include "heap/class_pages.hpp"
#include "heap/large.hpp"
#include "heap/metadata.hpp"
#include "heap/process_pages.hpp"
#include "heap/segment_map.hpp"
#include "heap/spans.hpp"
#include "heap/thread_heap.hpp"
#include "heap/thread_state.hpp"
#include "platform/assert.hpp"
#include "platform/lock.hpp"
#include "platform/pages.hpp"
#include "platform/relocation.hpp"
#include "platform/shared_field.hpp"

namespace ar::heap {

using platform::publish;

namespace {

Allocated allocate_in(ThreadHeap* heap, unsigned index) noexcept {
  look_for_idle_mappings();
  Page* page = page_to_allocate_from(process_heaps, heap, index);
  if (page == nullptr) {
    return {nullptr, nullptr};
  }
  FreeBlock* block = page->free;
  page->free = block->next;
  block->next = nullptr;
  ++page->used;
  return {block, page};
}

Allocated allocate_one_block(std::size_t size, std::size_t alignment) noexcept {
  Page* page = nullptr;
  const std::size_t slices = (size + slice_size - 1) / slice_size;
  if (size <= largest_span_size && alignment <= largest_span_size) {
    page = take_span(slices == 0 ? 1 : slices, alignment < slice_size ? slice_size : alignment);
    if (page != nullptr) {
      publish(page->block_size, page->slice_count * slice_size);
      page->mapped_size = 0;
    }
  } else {
    page = take_mapping(size == 0 ? 1 : size, alignment);
  }
  if (page == nullptr) {
    return {nullptr, nullptr};
  }
  page->distance = 0;
  page->free = nullptr;
  page->used = 1;
  page->slow_at = 0;
  publish(page->reciprocal, 0);
  page->capacity = 1;
  publish(page->block_count, 1);
  publish(page->second_words, nullptr);
  page->size_class = 0;
  page->full = false;
  page->retiring = 0;
  publish(page->requested_size, size);
  publish(page->own_slot, 0);
  publish(page->slots, keep_slots ? &page->own_slot : nullptr);
  page->heap.store(no_heap(), std::memory_order_relaxed);
  page->state.store(PageState::one_block, std::memory_order_release);
  ARPENT_ASSERT_INTERNAL(page_of(reinterpret_cast<void*>(page->start)) == page);
  return {reinterpret_cast<void*>(page->start), page};
}

void free_one_block(Page* page) noexcept {
  ARPENT_ASSERT(page->used == 1 && page->heap.load(std::memory_order_relaxed) == no_heap());
  page->state.store(PageState::taken, std::memory_order_release);
  publish(page->slots, nullptr);  // a stray free must find none
  if (std::uint64_t* second_words = page->second_words; second_words != nullptr) {
    publish(page->second_words, nullptr);
    free_metadata(second_words, sizeof(std::uint64_t));
  }
  if (page->mapped_size != 0) {
    free_mapping(page);
  } else {
    free_span(page);
  }
}

[[gnu::cold]] void free_while_watched(Page* page, FreeBlock* block) noexcept {
  block->next = page->free;
  page->free = block;
  if (--page->used == page->slow_at) {
    settle_page(page);
  }
}

// Apart, so that the path beside it keeps no register for its sake.
[[gnu::cold, gnu::noinline]] ThreadHeap* heap_without_thread() noexcept {
  if (!platform::is_relocated()) {
    return nullptr;
  }
  start_without_thread();
  return &empty_heap;
}

// The heap to allocate from; empty_heap: one that is shared. Null when there is no memory for one, and before
// this library is relocated.
ThreadHeap* heap_of_thread() noexcept {
  ThreadHeap* heap = own_heap();
  if (heap == nullptr) {
    return heap_without_thread();
  }
  return heap == &empty_heap && !thread_state.ended ? attach_thread() : heap;
}

Allocated try_to_allocate(std::size_t size) noexcept {
  ThreadHeap* heap = heap_of_thread();
  if (heap == nullptr) {
    return {nullptr, nullptr};
  }
  if (size > largest_class_size) {
    return allocate_one_block(size, granularity);
  }
  const unsigned index = size_class(size);
  if (heap != &empty_heap) {
    Page* page = heap->with_room[index].first;
    if (page != nullptr && page->free != nullptr) {
      FreeBlock* block = page->free;
      page->free = block->next;
      block->next = nullptr;
      ++page->used;
      return {block, page};
    }
    return allocate_in(heap, index);
  }
  const LateHeap late;
  return late.heap() == nullptr ? Allocated{nullptr, nullptr} : allocate_in(late.heap(), index);
}

// Calls `allocate` once more when it got nothing, after the addresses that hold nothing are given up.
template <typename Allocate>
Allocated with_second_try(std::size_t size, Allocate allocate) noexcept {
  if (HeapWatch* watch = thread_state.watch; watch != nullptr) {
    ++watch->allocations;
  }
  Allocated made = allocate();
  if (made.block == nullptr && size >> address_bits == 0 && !stands_aside()) {
    make_room();
    made = allocate();
  }
  return made;
}

}  // namespace

Allocated allocate_slow(std::size_t size) noexcept {
  return with_second_try(size, [size]() noexcept { return try_to_allocate(size); });
}

Allocated allocate_aligned_slow(std::size_t size, std::size_t alignment) noexcept {
  const std::size_t rounded = platform::round_up(size == 0 ? 1 : size, alignment);
  if (rounded < size) {
    return {nullptr, nullptr};
  }
  if (rounded <= largest_class_size && alignment <= slice_size) {
    return allocate_slow(rounded);
  }
  return with_second_try(size, [size, alignment]() noexcept {
    return heap_of_thread() == nullptr ? Allocated{nullptr, nullptr} : allocate_one_block(size, alignment);
  });
}

void free_slow(Page* page, FreeBlock* block) noexcept {
  if (HeapWatch* watch = thread_state.watch; watch != nullptr) {
    ++watch->releases;
    if (page->heap.load(std::memory_order_relaxed) == watch->own) {
      free_while_watched(page, block);
      return;
    }
  }
  if (page->state.load(std::memory_order_relaxed) == PageState::one_block) {
    free_one_block(page);
  } else {
    free_remote(page, block);
  }
}

}  // namespace ar::heap

// The fast paths of the heap, on one page.
//
//   allocate   takes the first free block of the page for this size: two loads, two stores
//   release    finds the page from the pointer (one load in the segment map, one in the segment), and
//              gives the block back to its list if the page is this thread's
//
// Everything else is a slow path and lies in slow_path.cpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include "heap/page.hpp"
#include "heap/segment_map.hpp"
#include "heap/thread_heap.hpp"
#include "platform/assert.hpp"

namespace ar::heap {

// For assertions: the look-up from the block's address leads to the page, and one of its blocks starts there.
[[nodiscard]] inline bool is_block_of(const Page* page, const void* block) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  Segment* const segment = segment_of(address);
  std::size_t index = 0;
  return segment != nullptr && segment->page_of(address) == page && page->index_of_start(address, index) &&
         index < page->carved;
}

// The first free block of the page to try first, or null: then allocate_slow may still have one.
[[gnu::always_inline]] inline Allocated allocate_fast(std::size_t size) noexcept {
  if (size > largest_direct_size) [[unlikely]] {
    return {nullptr, nullptr};
  }
  const ThreadHeap* heap = thread_state.heap;
  if (heap == nullptr) [[unlikely]] {
    return {nullptr, nullptr};  // see ThreadState
  }
  Page* page = heap->direct.pages[(size + granularity - 1) / granularity];
  FreeBlock* block = page->free;
  if (block != nullptr) [[likely]] {
    page->free = block->next;
    block->next = nullptr;  // else a block never written would keep its neighbour from being seen as lost
    ++page->used;
    ARPENT_ASSERT(page->used <= page->capacity);
    ARPENT_ASSERT_INTERNAL(is_block_of(page, block));
  }
  return {block, page};
}

// At least `size` bytes at a multiple of 16, and the page they lie in. The block is null without memory.
[[gnu::always_inline]] inline Allocated allocate(std::size_t size) noexcept {
  const Allocated made = allocate_fast(size);
  return made.block != nullptr ? made : allocate_slow(size);
}

// alignment: a power of two
[[gnu::always_inline]] inline Allocated allocate_aligned(std::size_t size, std::size_t alignment) noexcept {
  return alignment <= granularity ? allocate(size) : allocate_aligned_slow(size, alignment);
}

// The page of an address that was got from allocate. Null for one that was not (though not for all such).
[[gnu::always_inline]] inline Page* page_of(const void* pointer) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  Segment* segment = segment_of(address);
  return segment == nullptr ? nullptr : segment->page_of(address);
}

// page: that of the block, which must be live
[[gnu::always_inline]] inline void release(Page* page, void* pointer) noexcept {
  auto* block = static_cast<FreeBlock*>(pointer);
  if (page->owner.load(std::memory_order_relaxed) == thread_state.heap) [[likely]] {
    // Without slots a wrong release of the program's goes unseen up to here.
    ARPENT_ASSERT(!keep_slots || page->used != 0);
    ARPENT_ASSERT_INTERNAL(!keep_slots || is_block_of(page, block));
    block->next = page->free;
    page->free = block;
    if (--page->used == page->slow_at) [[unlikely]] {
      free_slow(page);
    }
    return;
  }
  release_slow(page, block);
}

// Bytes that a block of this page can hold.
[[nodiscard]] std::size_t usable_size(const Page* page) noexcept;

// Makes a block of a size of its own (not of a size class) larger or smaller without copying. The block,
// perhaps at another address (then in *page), or null when that cannot be: the block is as it was.
[[nodiscard]] void* resize_one_block(Page*& page, std::size_t size, bool may_move) noexcept;

}  // namespace ar::heap

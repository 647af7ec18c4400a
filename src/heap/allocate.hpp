// The fast paths of the heap, on one page.
//
//   allocate   takes the first free block of the page for this size: two loads, two stores
//   free       finds the page from the pointer (one load in the segment map, one in the segment), and
//              returns the block to the page's list if the page is this thread's
//
// Everything else is a slow path and lies in slow_path.cpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include "heap/page.hpp"
#include "heap/process_pages.hpp"
#include "heap/segment_map.hpp"
#include "heap/slow_path.hpp"
#include "heap/thread_state.hpp"
#include "platform/assert.hpp"

namespace ar::heap {

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

// page: that of the block, which must be live
[[gnu::always_inline]] inline void free(Page* page, void* pointer) noexcept {
  auto* block = static_cast<FreeBlock*>(pointer);
  if (page->heap.load(std::memory_order_relaxed) == thread_state.heap) [[likely]] {
    // Without slots a wrong release of the program's goes unseen up to here.
    ARPENT_ASSERT(!keep_slots || page->used != 0);
    ARPENT_ASSERT_INTERNAL(!keep_slots || is_block_of(page, block));
    block->next = page->free;
    page->free = block;
    if (--page->used == page->slow_at) [[unlikely]] {
      settle_page(page);
    }
    return;
  }
  free_slow(page, block);
}

}  // namespace ar::heap

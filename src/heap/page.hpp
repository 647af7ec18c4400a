// How memory is laid out.
//
//   segment   32 MiB of addresses at a multiple of 32 MiB, nothing but users' blocks
//   slice     64 KiB; a segment has up to 512
//   page      one or more slices that hold blocks of one size; or one large block
//
// Descriptors of segments and pages lie elsewhere (heap/metadata.hpp), so that a stray write of the
// program's past a block never reaches them. A block larger than half a segment has a mapping of its own,
// which occupies as many segment places as it needs; its descriptor is a Segment with one page.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "heap/size_class.hpp"
#include "platform/shared_field.hpp"

namespace ar::heap {

inline constexpr unsigned segment_shift = 25;
inline constexpr std::size_t segment_size = std::size_t{1} << segment_shift;
inline constexpr unsigned slice_shift = 16;
inline constexpr std::size_t slice_size = std::size_t{1} << slice_shift;
inline constexpr std::size_t slices_per_segment = segment_size / slice_size;

// Blocks up to here share pages of one slice; blocks up to largest_class_size pages of eight.
inline constexpr std::size_t largest_small_size = std::size_t{8} << 10U;
inline constexpr std::size_t medium_page_slices = 8;
// Beyond: a page for each block, up to half a segment.
inline constexpr std::size_t largest_span_size = segment_size / 2;

struct Segment;
struct ThreadHeap;

// A free block's link to the next one: at the block's start, or apart from it; see PageSource::link_stride.
struct FreeBlock {
  FreeBlock* next;
};

enum class PageState : std::uint8_t {
  free_span = 0,  // or no page begins at this slice
  taken,          // on its way to or from one of the following: holds no block that a look-up may see
  blocks,         // blocks of a size class, in a thread's heap
  one_block,      // a large block: a span of slices, or a mapping of its own
};

// Division by multiplication: a / size == (a * reciprocal_of(size)) >> reciprocal_shift for what lies in a
// page.
inline constexpr unsigned reciprocal_shift = 40;
[[nodiscard]] constexpr std::uint64_t reciprocal_of(std::size_t size) noexcept {
  return ((std::uint64_t{1} << reciprocal_shift) + size - 1) / size;
}

struct alignas(64) Page {
  // The fast paths touch only this cache line.
  FreeBlock* free;                // list of free blocks, of the page's own thread
  std::uint32_t used;             // blocks in users' hands, as that thread knows
  std::uint32_t slow_at;          // `used` value at which a free needs the slow path
  std::atomic<ThreadHeap*> heap;  // no_heap(): a page of one block, which belongs to no heap
  std::uintptr_t start;           // address of the first block
  std::uint64_t reciprocal;       // 2^40 / block size, rounded up: index = offset * reciprocal >> 40
  std::uint64_t* slots;           // a metadata word per block; null when slots are not kept
  std::size_t block_size;
  std::uint32_t block_count;  // blocks that exist: handed out at least once, or on a free list
  std::uint32_t distance;     // how many descriptors before this one the page begins; see Segment::page_of

  // Blocks that other threads freed, on a cache line that the page's thread seldom looks at; see
  // class_pages.hpp.
  std::atomic<std::uintptr_t> remote;
  std::uint64_t* second_words;  // see second_words.hpp; null until a block needs one
  Segment* segment;             // set once a span has begun here
  Page* next;                   // in a list of its heap, or of free spans
  Page* previous;
  Page* notified_next;         // in ThreadHeap::notified, or among spans freed while their lock was held
  std::size_t requested_size;  // of one_block pages
  std::size_t mapped_size;     // of a mapping of its own, else 0

  std::uint64_t own_slot;  // what `slots` points to in one_block pages
  std::int64_t freed_at;   // free spans: milliseconds, see platform/clock.hpp
  Page* idle_next;         // free spans that hold memory, longest idle first
  Page* idle_previous;
  std::uint32_t capacity;  // blocks the page has room for
  std::uint32_t slice_count;
  std::atomic<PageState> state;
  std::uint8_t size_class;
  bool full;              // in its heap's list of full pages
  bool fresh;             // memory never used since the system zeroed it (one_block pages)
  std::uint8_t retiring;  // empty, kept for so many more slow paths

  std::uintptr_t links;  // where the links of free blocks lie: see PageSource::link_stride
  FreeBlock* waiting;  // freed by the page's thread, not to be handed out before all others; see Reuse::late

  [[nodiscard]] std::size_t index_of(std::uintptr_t address) const noexcept {
    return ((address - start) * reciprocal) >> reciprocal_shift;
  }

  // index_of, and whether the address is the start of that block: the product's fraction is smaller than the
  // reciprocal just then. Always "no" for pages of one block, whose reciprocal is 0.
  [[nodiscard]] bool index_of_start(std::uintptr_t address, std::size_t& index) const noexcept {
    const std::uint64_t product = (address - start) * reciprocal;
    index = product >> reciprocal_shift;
    return (product & ((std::uint64_t{1} << reciprocal_shift) - 1)) < reciprocal;
  }
};

struct Segment {
  Segment* next;  // all segments, newest first
  std::uintptr_t base;
  std::size_t mapped_size;  // bytes from base that are ours
  // In use or free; 0 for a mapping of its own, and while nothing is mapped. Of a program that locks its
  // memory, fewer than are mapped: more are added when they are needed.
  std::uint32_t slice_count;
  std::uint64_t touched[slices_per_segment / 64];  // slices that may hold something else than zeros
  std::uint16_t head[slices_per_segment];          // slice in which the page that covers this slice begins
  Page pages[slices_per_segment];                  // for a mapping of its own, only pages[0] is ever used

  // The page of a block's start. One load less than covering(), which holds for any address.
  [[nodiscard]] Page* page_of(std::uintptr_t address) noexcept {
    Page* page = &pages[(address >> slice_shift) & (slices_per_segment - 1)];
    return page - page->distance;
  }
  [[nodiscard]] Page& covering(std::uintptr_t address) noexcept {
    return pages[platform::load_relaxed(head[(address >> slice_shift) & (slices_per_segment - 1)])];
  }
};

}  // namespace ar::heap

// From an address to its segment (one load), and to its page.
#pragma once

#include <atomic>
#include <cstdint>

#include "heap/page.hpp"

namespace ar::heap {

inline constexpr unsigned address_bits = 47;  // of user space, unless a program asks for more by hint
inline constexpr std::size_t segment_places = std::size_t{1} << (address_bits - segment_shift);

// Lies in .bss: only the entries in use ever cost memory. Plain pointers reached through atomic_ref, because
// clang's limit on constant evaluation is below this many constructors of std::atomic.
extern constinit Segment* segment_map[segment_places];

// Null for addresses that are not in a segment. An address in the segment's place but past its mapped
// size also gives the segment.
[[nodiscard]] inline Segment* segment_of(std::uintptr_t address) noexcept {
  const std::uintptr_t place = address >> segment_shift;
  return place < segment_places ? std::atomic_ref(segment_map[place]).load(std::memory_order_acquire)
                                : nullptr;
}

// The page of an address that allocate returned. For any other address the result is unspecified (usually
// null).
[[gnu::always_inline]] inline Page* page_of(const void* pointer) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  Segment* segment = segment_of(address);
  return segment == nullptr ? nullptr : segment->page_of(address);
}

// For assertions: the look-up from the block's address leads to the page, and one of its blocks starts there.
[[nodiscard]] inline bool is_block_of(const Page* page, const void* block) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  Segment* const segment = segment_of(address);
  std::size_t index = 0;
  return segment != nullptr && segment->page_of(address) == page && page->index_of_start(address, index) &&
         index < page->block_count;
}

inline void set_segment(std::uintptr_t start, std::size_t size, Segment* segment) noexcept {
  for (std::uintptr_t address = start; address < start + size; address += segment_size) {
    std::atomic_ref(segment_map[address >> segment_shift]).store(segment, std::memory_order_release);
  }
}

// For assertions: each place of the segment's addresses leads to it.
[[nodiscard]] bool is_mapped(const Segment* segment) noexcept;

// Addresses for a segment, as platform::map_aligned; `alignment` is at least segment_size. Where it can be
// had, not at a place whose address has a small number for its low half: half of a stale pointer and any
// small 32-bit number behind it would look like a pointer to the segment's first blocks, and a leak of theirs
// would be missed.
[[nodiscard]] void* map_segment(std::size_t size, std::size_t alignment) noexcept;

}  // namespace ar::heap

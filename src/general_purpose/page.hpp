// A page: blocks of one size in memory of the backing; and what is kept of each block, out of band.
#pragma once

#include <cstddef>
#include <cstdint>

#include "heap/size_class.hpp"

namespace ar::general_purpose {

inline constexpr unsigned slice_shift = 16;
inline constexpr std::size_t slice_size = std::size_t{1} << slice_shift;

// Blocks up to here share pages of one slice, those up to largest_small_size pages of four.
inline constexpr std::size_t largest_one_slice_size = std::size_t{8} << 10U;
inline constexpr std::size_t largest_small_size = std::size_t{32} << 10U;
inline constexpr std::size_t large_page_slices = 4;
inline constexpr unsigned class_count = heap::size_class(largest_small_size) + 1;

enum class BlockState : std::uint32_t { never_used = 0, live, freed };

// What safety keeps of a block. Two stacks of Settings::stack_frames return addresses follow: of the
// allocation, and of the release.
struct Record {
  BlockState state;
  std::uint8_t alignment_shift;
  std::uint8_t allocated_depth;
  std::uint8_t released_depth;
  std::uint8_t reserved;
  std::uint64_t size;       // requested
  const char* description;  // interned, or null

  [[nodiscard]] std::uintptr_t* frames() noexcept { return reinterpret_cast<std::uintptr_t*>(this + 1); }
  [[nodiscard]] const std::uintptr_t* frames() const noexcept {
    return reinterpret_cast<const std::uintptr_t*>(this + 1);
  }
};

[[nodiscard]] constexpr std::size_t record_size(std::uint32_t stack_frames) noexcept {
  return sizeof(Record) + std::size_t{2} * stack_frames * sizeof(std::uintptr_t);
}

// Changed under the instance's lock, except the records, which belong to whoever has the block.
struct Page {
  std::uintptr_t start;
  std::uint64_t reciprocal;  // 2^40 / block size, rounded up: index = offset * reciprocal >> 40
  std::byte* records;        // null without safety
  Page* next;                // among those of its class with room
  Page* previous;
  std::size_t own_size;  // bytes of the backing that this descriptor, with all behind it, takes
  std::uint32_t block_size;
  std::uint32_t capacity;
  std::uint32_t carved;  // blocks that have been handed out at least once
  std::uint32_t
      free_count;  // those of them that are free: a ring in free_indices, which begins at free_first
  std::uint32_t free_first;
  std::uint32_t retired;  // those of them that will never be handed out again
  std::uint32_t slice_count;
  std::uint32_t record_bytes;
  std::uint8_t size_class;
  bool listed;

  static constexpr unsigned reciprocal_shift = 40;

  [[nodiscard]] std::size_t index_of(std::uintptr_t address) const noexcept {
    return ((address - start) * reciprocal) >> reciprocal_shift;
  }
  [[nodiscard]] std::uintptr_t block(std::size_t index) const noexcept { return start + index * block_size; }
  [[nodiscard]] Record& record(std::size_t index) const noexcept {
    return *reinterpret_cast<Record*>(records + index * record_bytes);
  }
  // Room for `capacity` follows the page.
  [[nodiscard]] std::uint16_t* free_indices() noexcept { return reinterpret_cast<std::uint16_t*>(this + 1); }
  [[nodiscard]] std::uint32_t out() const noexcept {
    return carved - free_count;
  }  // in users' or caches' hands

  void put_free(std::size_t index) noexcept {
    free_indices()[in_ring(free_first + free_count++)] = static_cast<std::uint16_t>(index);
  }
  [[nodiscard]] std::size_t take_newest_free() noexcept {
    return free_indices()[in_ring(free_first + --free_count)];
  }
  [[nodiscard]] std::size_t take_oldest_free() noexcept {
    const std::size_t index = free_indices()[free_first];
    free_first = in_ring(free_first + 1);
    --free_count;
    return index;
  }
  [[nodiscard]] std::uint32_t in_ring(std::uint32_t place) const noexcept {
    return place < capacity ? place : place - capacity;
  }
  [[nodiscard]] bool has_room() const noexcept { return free_count != 0 || carved < capacity; }
};

// The class of a request, 0 when it has none: too large, or aligned to more than a page.
[[nodiscard]] constexpr unsigned class_of(std::size_t size, std::size_t alignment) noexcept {
  if (alignment > heap::granularity) {
    const std::size_t rounded = (size + alignment - 1) & ~(alignment - 1);
    if (alignment > slice_size || rounded < size) {
      return 0;
    }
    size = rounded == 0 ? alignment : rounded;
  }
  return size <= largest_small_size ? heap::size_class(size) : 0;
}

[[nodiscard]] constexpr std::size_t page_slices(std::size_t block_size) noexcept {
  return block_size <= largest_one_slice_size ? 1 : large_page_slices;
}

}  // namespace ar::general_purpose

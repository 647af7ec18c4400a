// A page of the heap's kind, with a record for each block, out of band.
#pragma once

#include <cstddef>
#include <cstdint>

#include "heap/class_pages.hpp"
#include "heap/size_class.hpp"
#include "platform/assert.hpp"

namespace ar::general_purpose {

using heap::slice_size;

// Blocks up to heap::largest_small_size share pages of one slice, those up to largest_small_size pages of
// four.
inline constexpr std::size_t largest_small_size = std::size_t{32} << 10U;
inline constexpr std::size_t large_page_slices = 4;

enum class BlockState : std::uint32_t { never_used = 0, live, freed };

// What is kept of a block; without safety, the link alone. Two stacks of Settings::stack_frames return
// addresses follow: of the allocation, and of the release.
struct Record {
  heap::FreeBlock link;  // of a free block
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

[[nodiscard]] constexpr std::size_t record_size(bool safety, std::uint32_t stack_frames) noexcept {
  return safety ? sizeof(Record) + std::size_t{2} * stack_frames * sizeof(std::uintptr_t)
                : sizeof(heap::FreeBlock);
}

// Its records lie behind it.
struct Page : heap::Page {
  std::size_t own_size;             // bytes of the backing that this descriptor, with the records, takes
  std::uint64_t record_reciprocal;  // as heap::Page::reciprocal, of a record's size
  std::uint32_t record_bytes;
  std::uint32_t retired;  // blocks that will never be handed out again; guarded by the instance's lock

  [[nodiscard]] std::uintptr_t block(std::size_t index) const noexcept { return start + index * block_size; }
  [[nodiscard]] heap::FreeBlock* link(std::size_t index) const noexcept {
    ARPENT_ASSERT(index < capacity);
    return reinterpret_cast<heap::FreeBlock*>(links + index * record_bytes);
  }
  [[nodiscard]] std::size_t index_of_link(const heap::FreeBlock* link) const noexcept {
    return ((reinterpret_cast<std::uintptr_t>(link) - links) * record_reciprocal) >> heap::reciprocal_shift;
  }
  // With safety only.
  [[nodiscard]] Record& record(std::size_t index) const noexcept {
    return *reinterpret_cast<Record*>(links + index * record_bytes);
  }
};

// What a block of a page must hold to serve the request. 0 when none can: too large, or aligned to more than
// a page.
[[nodiscard]] constexpr std::size_t small_size(std::size_t size, std::size_t alignment) noexcept {
  if (alignment > heap::granularity) {
    const std::size_t rounded = (size + alignment - 1) & ~(alignment - 1);
    if (alignment > slice_size || rounded < size) {
      return 0;
    }
    size = rounded;
  }
  return size > largest_small_size ? 0 : size == 0 ? alignment : size;
}

// The class of a request, 0 when it has none.
[[nodiscard]] constexpr unsigned class_of(std::size_t size, std::size_t alignment) noexcept {
  const std::size_t small = small_size(size, alignment);
  return small == 0 ? 0 : heap::size_class(small);
}

[[nodiscard]] constexpr std::size_t page_slices(std::size_t block_size) noexcept {
  return block_size <= heap::largest_small_size ? 1 : large_page_slices;
}

}  // namespace ar::general_purpose

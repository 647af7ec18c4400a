// ar::heap_allocator: the tracked heap, with the place and the description of each call. Link arpent::heap.
//
// Tracks in every translation unit, whatever its DEBUG says: who asks for this allocator by name wants to see
// its blocks in the report. Where that is to depend on the build, use <arpent/heap.hpp> or ar::c_allocator.
#pragma once

#include <cstddef>

#include "../ar_heap.h"
#include "allocator.hpp"

namespace ar {

// What is behind heap_allocator. Without state; from any thread at any time. Changes errno when it fails.
class HeapAllocator {
 public:
  [[nodiscard]] static void* raw_alloc(std::size_t size, std::size_t alignment,
                                       const Description& description) noexcept {
    if (alignment <= alignof(std::max_align_t)) {
      return ar_heap__malloc(size, file_of(description), description.line(), description.text());
    }
    return ar_heap__aligned_alloc(alignment, size, file_of(description), description.line(),
                                  description.text());
  }

  // The block keeps its place in the report, and its description.
  [[nodiscard]] static bool raw_resize(void* block, std::size_t, std::size_t, std::size_t new_size,
                                       const Description&) noexcept {
    return ar_heap__resize_in_place(block, new_size) == 1;
  }

  // The block belongs to the place of this call from then on.
  [[nodiscard]] static void* raw_remap(void* block, std::size_t, std::size_t alignment, std::size_t new_size,
                                       const Description& description) noexcept {
    if (alignment <= alignof(std::max_align_t)) {
      return ar_heap__realloc(block, new_size, file_of(description), description.line(), description.text());
    }
    return ar_heap__resize_in_place(block, new_size) == 1 ? block : nullptr;
  }

  static void raw_free(void* block, std::size_t, std::size_t, const Description&) noexcept {
    ar_heap__free(block);
  }

 private:
  // Null for a call that comes from a container, whose place is found by its return address then.
  [[nodiscard]] static const char* file_of(const Description& description) noexcept {
    return description.line() == 0 ? nullptr : description.place().file_name();
  }
};

// The tracked heap. May be used by several threads at once.
inline constexpr Allocator heap_allocator{nullptr, &detail::StaticTableOf<HeapAllocator>::table};

}  // namespace ar

// ar::c_allocator: the process heap, malloc and free, whoever serves them.
#pragma once

#include <cstddef>
#include <cstdlib>

#include "allocator.hpp"

namespace ar {

// What is behind c_allocator. Without state; thread safety and errno as malloc's.
class CAllocator {
 public:
  [[nodiscard]] static void* raw_alloc(std::size_t size, std::size_t alignment, const Description&) noexcept {
    if (alignment <= kept_by_malloc(size)) {
      return std::malloc(size);
    }
    // Not aligned_alloc: some take only sizes that are a multiple of the alignment.
    void* block = nullptr;
    const std::size_t least = alignment < sizeof(void*) ? sizeof(void*) : alignment;
    return ::posix_memalign(&block, least, size) == 0 ? block : nullptr;
  }

  // C has no growth in place: what malloc_usable_size has to spare is not the program's, and compilers and
  // _FORTIFY_SOURCE know it. A block that shrinks keeps its room until it is remapped or freed.
  [[nodiscard]] static bool raw_resize(void*, std::size_t size, std::size_t, std::size_t new_size,
                                       const Description&) noexcept {
    return new_size <= size;
  }

  // realloc, which knows whether it can grow in place, where that keeps the alignment. That it may copy is
  // its own affair: it does so once, and not worse than the caller would.
  [[nodiscard]] static void* raw_remap(void* block, std::size_t size, std::size_t alignment,
                                       std::size_t new_size, const Description&) noexcept {
    if (alignment <= kept_by_malloc(new_size)) {
      return std::realloc(block, new_size);
    }
    return new_size <= size ? block : nullptr;
  }

  static void raw_free(void* block, std::size_t, std::size_t, const Description&) noexcept {
    std::free(block);
  }

 private:
  // The alignment that any malloc keeps: of every type that fits into the block.
  [[nodiscard]] static constexpr std::size_t kept_by_malloc(std::size_t size) noexcept {
    return size < alignof(std::max_align_t) ? std::bit_floor(size) : alignof(std::max_align_t);
  }
};

// The process heap. May be used by several threads at once.
inline constexpr Allocator c_allocator{nullptr, &detail::StaticTableOf<CAllocator>::table};

}  // namespace ar

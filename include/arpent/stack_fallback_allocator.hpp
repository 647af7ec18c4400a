// ar::StackFallbackAllocator<N>: N bytes within the object, then another allocator.
//
//   ar::StackFallbackAllocator<1024> scratch{ar::c_allocator};   // a local variable
//   auto path = scratch.allocator().dupe_z(name, "path");        // rarely asks the heap
#pragma once

#include <cstddef>

#include "allocator.hpp"
#include "fixed_buffer_allocator.hpp"

namespace ar {

// `Size` bytes that are served as FixedBufferAllocator does; what does not fit comes from the fallback. Not
// for several threads at once. Neither copied nor moved: Allocators and blocks refer to it.
template <std::size_t Size>
class StackFallbackAllocator {
 public:
  // The fallback must outlive this object, and ar::null_allocator is one that refuses. `description` is what
  // reports call the bytes within.
  constexpr explicit StackFallbackAllocator(
      Allocator fallback,
      const Description& description = {"stack fallback", std::source_location::current()}) noexcept
      : fixed_(buffer_, description), fallback_(fallback) {}
  StackFallbackAllocator(const StackFallbackAllocator&) = delete;
  StackFallbackAllocator& operator=(const StackFallbackAllocator&) = delete;

  // This as an Allocator, valid as long as the object is.
  [[nodiscard]] constexpr Allocator allocator() noexcept { return Allocator::of(*this); }

  // Whether the pointer points into the N bytes.
  [[nodiscard]] bool owns_ptr(const void* pointer) const noexcept { return fixed_.owns_ptr(pointer); }

  [[nodiscard]] void* raw_alloc(std::size_t size, std::size_t alignment,
                                const Description& description) noexcept {
    void* const block = fixed_.raw_alloc(size, alignment, description);
    return block != nullptr ? block : fallback_.raw_alloc(size, alignment, description);
  }
  [[nodiscard]] bool raw_resize(void* block, std::size_t size, std::size_t alignment, std::size_t new_size,
                                const Description& description) noexcept {
    return owns_ptr(block) ? fixed_.raw_resize(block, size, alignment, new_size, description)
                           : fallback_.raw_resize(block, size, alignment, new_size, description);
  }
  [[nodiscard]] void* raw_remap(void* block, std::size_t size, std::size_t alignment, std::size_t new_size,
                                const Description& description) noexcept {
    return owns_ptr(block) ? fixed_.raw_remap(block, size, alignment, new_size, description)
                           : fallback_.raw_remap(block, size, alignment, new_size, description);
  }
  void raw_free(void* block, std::size_t size, std::size_t alignment,
                const Description& description) noexcept {
    if (owns_ptr(block)) {
      fixed_.raw_free(block, size, alignment, description);
    } else {
      fallback_.raw_free(block, size, alignment, description);
    }
  }

 private:
  static_assert(Size > 0, "StackFallbackAllocator<0> is its fallback; use that");

  alignas(std::max_align_t) std::byte buffer_[Size];
  FixedBufferAllocator fixed_;
  Allocator fallback_;
};

}  // namespace ar

// ar::NamedAllocator: one description for all that passes through.
//
//   ar::NamedAllocator parser{ar::heap_allocator, "parser"};
//   std::vector<Token, ar::StdAllocator<Token>> tokens{parser.allocator()};   // reported as "parser"
#pragma once

#include <cstddef>

#include "allocator.hpp"

namespace ar {

// Passes each call to `backing` with this object's text in place of the call's own, and the call's place;
// where a call has none, as those of containers, with the place where this object was made. As safe for
// several threads as the backing allocator. Neither copied nor moved: Allocators refer to it.
class NamedAllocator {
 public:
  // The backing allocator and the description's text must outlive this object.
  constexpr NamedAllocator(Allocator backing, Description name) noexcept : backing_(backing), name_(name) {}
  NamedAllocator(const NamedAllocator&) = delete;
  NamedAllocator& operator=(const NamedAllocator&) = delete;

  // This as an Allocator, valid as long as the object is.
  [[nodiscard]] constexpr Allocator allocator() noexcept { return Allocator::of(*this); }

  [[nodiscard]] void* raw_alloc(std::size_t size, std::size_t alignment,
                                const Description& description) noexcept {
    return backing_.raw_alloc(size, alignment, named(description));
  }
  [[nodiscard]] bool raw_resize(void* block, std::size_t size, std::size_t alignment, std::size_t new_size,
                                const Description& description) noexcept {
    return backing_.raw_resize(block, size, alignment, new_size, named(description));
  }
  [[nodiscard]] void* raw_remap(void* block, std::size_t size, std::size_t alignment, std::size_t new_size,
                                const Description& description) noexcept {
    return backing_.raw_remap(block, size, alignment, new_size, named(description));
  }
  void raw_free(void* block, std::size_t size, std::size_t alignment,
                const Description& description) noexcept {
    backing_.raw_free(block, size, alignment, named(description));
  }

 private:
  [[nodiscard]] constexpr Description named(const Description& description) const noexcept {
    return description.line() == 0 ? name_ : Description{name_.text(), description.place()};
  }

  Allocator backing_;
  Description name_;
};

}  // namespace ar

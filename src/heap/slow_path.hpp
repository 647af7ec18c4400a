// The slow paths of allocate.hpp: nothing here is inlined.
#pragma once

#include <cstddef>

#include "heap/page.hpp"

namespace ar::heap {

struct Allocated {
  void* block;  // null when there is no memory
  Page* page;
};
[[nodiscard]] Allocated allocate_slow(std::size_t size) noexcept;
[[nodiscard]] Allocated allocate_aligned_slow(std::size_t size, std::size_t alignment) noexcept;
void free_slow(Page* page, FreeBlock* block) noexcept;  // page of another thread's heap, or of one block

}  // namespace ar::heap

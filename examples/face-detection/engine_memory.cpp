#include "engine_memory.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>
#include <source_location>

namespace face_detection {
namespace {

// An ar::NamedAllocator gives its own name and place.
constexpr ar::Description unnamed{nullptr, std::source_location{}};

// Right before each block: XNNPACK says neither a block's size nor its alignment when it gives it back.
struct Before {
  ar::Allocator allocator;
  std::size_t size;   // all of it, with what is before
  std::size_t shift;  // from its begin to the block; also its alignment
};

Before& before(void* block) {
  return *std::launder(reinterpret_cast<Before*>(static_cast<std::byte*>(block) - sizeof(Before)));
}

}  // namespace

void* EngineMemory::allocate(std::size_t alignment, std::size_t size) noexcept {
  constexpr std::size_t least_shift = 64;
  static_assert(sizeof(Before) <= least_shift);
  const std::size_t shift = std::max(alignment, least_shift);
  if (size > PTRDIFF_MAX - shift) {
    return nullptr;
  }
  auto* begin = static_cast<std::byte*>(current_.raw_alloc(size + shift, shift, unnamed));
  if (begin == nullptr) {
    return nullptr;
  }
  std::byte* block = begin + shift;
  new (block - sizeof(Before)) Before{current_, size + shift, shift};
  return block;
}

void* EngineMemory::reallocate(void* block, std::size_t size) noexcept {
  void* moved = allocate(1, size);
  if (block != nullptr && moved != nullptr) {
    std::memcpy(moved, block, std::min(size, before(block).size - before(block).shift));
    release(block);
  }
  return moved;
}

void EngineMemory::release(void* block) noexcept {
  if (block != nullptr) {
    const Before old = before(block);
    ar::Allocator allocator = old.allocator;
    allocator.raw_free(static_cast<std::byte*>(block) - old.shift, old.size, old.shift, unnamed);
  }
}

}  // namespace face_detection

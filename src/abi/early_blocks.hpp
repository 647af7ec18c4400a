// Blocks for code that calls malloc before the loader has relocated this library: the resolvers of indirect
// functions (IFUNC) of libraries that are relocated before it. They are few; none is recorded, and their
// memory is never reused.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ar::abi {

// Zeroed. Null if there is no memory. One thread at a time, as there is one that relocates this library.
[[nodiscard]] void* allocate_early(std::size_t size, std::size_t alignment) noexcept;

// The size of such a block, or 0 if it is not one. Any thread, at any time.
[[nodiscard]] std::size_t early_block_size(const void* pointer) noexcept;

[[nodiscard]] inline bool is_early_block(const void* pointer) noexcept {
  return early_block_size(pointer) != 0;
}

}  // namespace ar::abi

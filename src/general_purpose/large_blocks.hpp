// Blocks too large for a page: each is a block of the backing.
#pragma once

#include <cstddef>
#include <cstdint>

#include "general_purpose/stacks.hpp"
#include "general_purpose/state.hpp"

namespace ar::general_purpose {

// Null without memory.
[[nodiscard]] void* allocate_large(State& state, std::size_t size, std::size_t alignment,
                                   const char* description, const CallStack& stack) noexcept;

// For any pointer that lies in no page: reports one that is no large block.
void release_large(State& state, std::uintptr_t address, std::size_t size, std::size_t alignment,
                   const CallStack& stack) noexcept;

// False: the backing cannot, and the block is as it was.
[[nodiscard]] bool resize_large(State& state, std::uintptr_t address, std::size_t new_size) noexcept;

// The same, moved by the backing if need be, without being copied. Null: it is as it was.
[[nodiscard]] void* remap_large(State& state, std::uintptr_t address, std::size_t new_size) noexcept;

}  // namespace ar::general_purpose

// Blocks of the heap's pages: how an instance hands them out and takes them back.
#pragma once

#include <cstddef>
#include <cstdint>

#include "general_purpose/directory.hpp"
#include "general_purpose/page.hpp"
#include "general_purpose/stacks.hpp"
#include "general_purpose/state.hpp"

namespace ar::general_purpose {

// `block_size`: as small_size says, here and below. The first two are for instances without safety.

// Null without memory: then the limit is not charged with the `size` that was requested.
[[nodiscard]] void* allocate_small(State& state, std::size_t block_size, std::size_t size) noexcept;
void release_small(State& state, Page* page, std::uintptr_t address) noexcept;

// With safety: where a pointer leads that somebody wants to free or to resize.
struct Found {
  Page* page;
  std::size_t index;
  Record* record;  // null: no block of a page begins there
};
[[nodiscard]] Found find_small(const State& state, std::uintptr_t address) noexcept;

[[nodiscard]] void* allocate_small_safely(State& state, std::size_t block_size, std::size_t size,
                                          std::size_t alignment, const char* description,
                                          const CallStack& stack) noexcept;
// found.record is not null.
void release_small_safely(State& state, const Found& found, std::uintptr_t address, std::size_t size,
                          std::size_t alignment, const CallStack& stack) noexcept;

// A pointer into a page at which no block begins.
void report_stray_free(const State& state, const Found& found, std::uintptr_t address, Stack now) noexcept;

}  // namespace ar::general_purpose

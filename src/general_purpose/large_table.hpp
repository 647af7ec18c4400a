// Where the blocks are that are too large for a page: a hash table by address.
//
// All functions need the instance's lock.
#pragma once

#include <cstddef>
#include <cstdint>

#include "general_purpose/page.hpp"
#include "general_purpose/state.hpp"

namespace ar::general_purpose {

struct LargeBlock {
  std::uintptr_t address;  // 0: the entry is free, 1: it was removed
  std::size_t alignment;
  Record record;  // its frames follow; none without safety
};

struct LargeTable {
  std::size_t mask;      // entries - 1
  std::size_t occupied;  // entries that are not free
  std::size_t entered;   // those of them that were not removed
  std::size_t stride;    // bytes an entry takes; the entries follow
};

// The block that begins at the address, live or (where the metadata is retained) released; or null.
[[nodiscard]] LargeBlock* large_block_at(const State& state, std::uintptr_t address) noexcept;

// The one that the address lies in; or null. Looks at all.
[[nodiscard]] LargeBlock* large_block_around(const State& state, std::uintptr_t address) noexcept;

// Makes sure that the next enter_large_block succeeds. False when there is no memory.
[[nodiscard]] bool reserve_large_block(State& state) noexcept;
LargeBlock& enter_large_block(State& state, std::uintptr_t address) noexcept;
void remove_large_block(State& state, LargeBlock& block) noexcept;

void release_large_table(State& state) noexcept;

[[nodiscard]] inline LargeBlock& large_entry(LargeTable& table, std::size_t index) noexcept {
  auto* first = reinterpret_cast<std::byte*>(&table + 1);
  return *reinterpret_cast<LargeBlock*>(first + (index & table.mask) * table.stride);
}

template <typename Visit>
void for_each_large_block(const State& state, Visit visit) noexcept {
  for (std::size_t i = 0; state.large != nullptr && i <= state.large->mask; ++i) {
    if (LargeBlock& block = large_entry(*state.large, i); block.address > 1) {
      visit(block);
    }
  }
}

}  // namespace ar::general_purpose

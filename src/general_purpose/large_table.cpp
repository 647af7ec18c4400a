#include "general_purpose/large_table.hpp"

#include <cstring>

#include "platform/hash.hpp"

namespace ar::general_purpose {

namespace {

constexpr std::size_t first_entries = 32;
constexpr std::uintptr_t removed = 1;

std::size_t hash_of(std::uintptr_t address) noexcept { return platform::spread(address) >> 32U; }

std::size_t table_size(std::size_t entries, std::size_t stride) noexcept {
  return sizeof(LargeTable) + entries * stride;
}

std::size_t stride_of(const State& state) noexcept {
  return offsetof(LargeBlock, record) +
         record_size(true, state.settings.safety ? state.settings.stack_frames : 0);
}

// The entry for an address that has none yet.
LargeBlock& free_entry(LargeTable& table, std::uintptr_t address) noexcept {
  std::size_t i = hash_of(address);
  while (large_entry(table, i).address > removed) {
    ++i;
  }
  LargeBlock& entry = large_entry(table, i);
  table.occupied += entry.address == 0 ? 1 : 0;
  ++table.entered;
  return entry;
}

}  // namespace

LargeBlock* large_block_at(const State& state, std::uintptr_t address) noexcept {
  if (state.large == nullptr) {
    return nullptr;
  }
  for (std::size_t i = hash_of(address);; ++i) {
    LargeBlock& entry = large_entry(*state.large, i);
    if (entry.address == address) {
      return &entry;
    }
    if (entry.address == 0) {
      return nullptr;
    }
  }
}

LargeBlock* large_block_around(const State& state, std::uintptr_t address) noexcept {
  LargeBlock* found = nullptr;
  for_each_large_block(state, [&](LargeBlock& block) {
    if (address - block.address < block.record.size) {
      found = &block;
    }
  });
  return found;
}

bool reserve_large_block(State& state) noexcept {
  LargeTable* old = state.large;
  if (old != nullptr && (old->occupied + 1) * 2 <= old->mask + 1) {
    return true;
  }
  std::size_t entries = first_entries;
  while (entries < (old == nullptr ? 0 : old->entered + 1) * 4) {
    entries *= 2;
  }
  const std::size_t stride = stride_of(state);
  auto* made = static_cast<LargeTable*>(take_own(state, table_size(entries, stride)));
  if (made == nullptr) {
    return false;
  }
  made->mask = entries - 1;
  made->stride = stride;
  for_each_large_block(state, [&](const LargeBlock& block) {
    std::memcpy(&free_entry(*made, block.address), &block, stride);
  });
  release_large_table(state);
  state.large = made;
  return true;
}

LargeBlock& enter_large_block(State& state, std::uintptr_t address) noexcept {
  LargeBlock* entry = large_block_at(state, address);  // one released before, whose metadata was retained
  if (entry == nullptr) {
    entry = &free_entry(*state.large, address);
    entry->address = address;
  }
  return *entry;
}

void remove_large_block(State& state, LargeBlock& block) noexcept {
  block.address = removed;
  --state.large->entered;
}

void release_large_table(State& state) noexcept {
  if (state.large != nullptr) {
    give_own(state, state.large, table_size(state.large->mask + 1, state.large->stride));
    state.large = nullptr;
  }
}

}  // namespace ar::general_purpose

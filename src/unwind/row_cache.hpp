// What is remembered of frames: for an address that calls, or was interrupted, how its function is left.
//
// Direct-mapped, one word an entry, shared by all threads. The word holds all of the address that its place
// does not, so an entry is the one looked for or it is not: nothing is ever taken for something else, and no
// lock is needed.
#pragma once

#include <cstddef>
#include <cstdint>

#include "platform/shared_field.hpp"
#include "unwind/compact_row.hpp"

namespace ar::unwind {

inline constexpr unsigned row_cache_bits = 15;
inline constexpr unsigned row_bits = 32;
inline constexpr unsigned address_bits = row_cache_bits + row_bits;  // of the lower, the programs', half

[[gnu::visibility("hidden")]] extern constinit std::uint64_t row_cache[std::size_t{1} << row_cache_bits];

// The low bits alone: they are as good as random, and every operation here delays each frame.
[[nodiscard, gnu::always_inline]] inline std::uint64_t& place_of(std::uintptr_t key) noexcept {
  return row_cache[key & ((std::uintptr_t{1} << row_cache_bits) - 1)];
}

// Finds the row for the instruction before `key`, and remembers it.
[[nodiscard]] CompactRow find_row_before(std::uintptr_t key) noexcept;

// The row for the instruction before `key`; CompactKind::none when no module describes it.
[[nodiscard, gnu::always_inline]] inline CompactRow row_before(std::uintptr_t key) noexcept {
  const std::uint64_t entry = platform::load_relaxed(place_of(key));
  if (entry >> row_bits != key >> row_cache_bits) [[unlikely]] {
    return find_row_before(key);
  }
  return CompactRow(static_cast<std::uint32_t>(entry));
}

void forget_rows() noexcept;

// How often rows were forgotten.
[[gnu::visibility("hidden")]] extern constinit std::uint64_t row_generation;

}  // namespace ar::unwind

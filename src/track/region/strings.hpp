// Strings of the profile, each kept once.
#pragma once

#include <cstdint>

#include "track/region/profile_layout.hpp"

namespace ar::track {

bool open_strings() noexcept;  // reserves the table; false without memory

// Offset of a copy of the text; 0 when the profile is full. The caller holds the tracker's lock.
[[nodiscard]] Offset intern_string(const char* string) noexcept;

[[nodiscard]] std::uint64_t hash_bytes(const char* data, std::size_t size, std::uint64_t seed) noexcept;
[[nodiscard]] std::uint64_t hash_string(const char* string, std::uint64_t seed) noexcept;

// Spreads a number's bits over all 64.
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t value) noexcept {
  value ^= value >> 32U;
  value *= 0x9e3779b97f4a7c15ULL;  // 2^64 divided by the golden ratio
  value ^= value >> 29U;
  return value;
}

}  // namespace ar::track

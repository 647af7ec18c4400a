// Spreading a number's bits, for hash tables and caches.
#pragma once

#include <cstdint>

namespace ar::platform {

// 2^64 divided by the golden ratio: consecutive multiples are spread evenly over all 64 bits.
inline constexpr std::uint64_t mixing_constant = 0x9e3779b97f4a7c15ULL;

// One multiplication: the upper bits are well spread, the lower ones are not.
[[nodiscard, gnu::always_inline]] constexpr std::uint64_t spread(std::uint64_t value) noexcept {
  return value * mixing_constant;
}

// All 64 bits are well spread.
[[nodiscard, gnu::always_inline]] constexpr std::uint64_t mix(std::uint64_t value) noexcept {
  value ^= value >> 32U;
  value = spread(value);
  value ^= value >> 29U;
  return value;
}

}  // namespace ar::platform

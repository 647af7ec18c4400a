// Size classes: which block size serves a request.
//
// Multiples of 16 up to 128 bytes, then eight classes to each doubling, so that a block is at most 12.5 %
// larger than the request rounded up to 16 (malloc's alignment on 64-bit systems). All sizes are bytes.
//
// Every class size is a multiple of any power of two that divides a request which it serves exactly; so a
// request rounded up to a multiple of its alignment gets blocks of that alignment, with no padding (pages
// start at multiples of 64 KiB).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace ar::heap {

inline constexpr std::size_t granularity = 16;
inline constexpr std::size_t largest_class_size = std::size_t{64} << 10U;
inline constexpr unsigned class_count = 81;  // classes are numbered 1 … 80

inline constexpr std::size_t last_linear_size = 128;
inline constexpr unsigned last_linear_class = 8;

// size: 0 … largest_class_size
[[nodiscard]] constexpr unsigned size_class(std::size_t size) noexcept {
  if (size <= last_linear_size) {
    return size <= granularity ? 1 : static_cast<unsigned>((size + granularity - 1) / granularity);
  }
  const auto doubling =
      static_cast<unsigned>(std::bit_width(size - 1)) - 1;  // 2^doubling < size <= 2^(doubling + 1)
  const auto eighth = static_cast<unsigned>((size - 1) >> (doubling - 3));  // 8 … 15
  return last_linear_class + (doubling - 7) * 8 + eighth - 7;
}

[[nodiscard]] constexpr std::size_t class_size(unsigned index) noexcept {
  if (index <= last_linear_class) {
    return index * granularity;
  }
  const unsigned step = index - last_linear_class - 1;
  return static_cast<std::size_t>(9 + step % 8) << (4 + step / 8);
}

static_assert(size_class(largest_class_size) == class_count - 1);
static_assert(class_size(class_count - 1) == largest_class_size);
static_assert(class_size(size_class(129)) == 144 && class_size(size_class(144)) == 144);

}  // namespace ar::heap

// Fills blocks with bytes that tell one block from any other, and looks whether they are still there. Large
// blocks are filled at both ends and a byte a page.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ar::test {

inline constexpr std::size_t densely_filled = 2048;  // bytes at each end

inline std::uint8_t pattern_byte(std::uint64_t seed, std::size_t offset) noexcept {
  return static_cast<std::uint8_t>((seed + offset) * 0x9e3779b97f4a7c15ULL >> 56U);
}

template <typename Visit>
void for_each_filled_offset(std::size_t size, Visit visit) {
  if (size <= 2 * densely_filled) {
    for (std::size_t offset = 0; offset < size; ++offset) {
      visit(offset);
    }
    return;
  }
  for (std::size_t offset = 0; offset < densely_filled; ++offset) {
    visit(offset);
    visit(size - 1 - offset);
  }
  constexpr std::size_t page = 4096;
  for (std::size_t offset = densely_filled; offset < size - densely_filled; offset += page) {
    visit(offset);
  }
}

inline void fill(void* block, std::size_t size, std::uint64_t seed) noexcept {
  auto* bytes = static_cast<std::uint8_t*>(block);
  for_each_filled_offset(size, [&](std::size_t offset) { bytes[offset] = pattern_byte(seed, offset); });
}

// How many of the bytes that `fill` wrote for `filled` bytes, and that lie below `size`, are there no more.
inline std::size_t damage(const void* block, std::size_t filled, std::size_t size,
                          std::uint64_t seed) noexcept {
  const auto* bytes = static_cast<const std::uint8_t*>(block);
  std::size_t wrong = 0;
  for_each_filled_offset(filled, [&](std::size_t offset) {
    if (offset < size && bytes[offset] != pattern_byte(seed, offset)) {
      ++wrong;
    }
  });
  return wrong;
}

inline std::size_t damage(const void* block, std::size_t size, std::uint64_t seed) noexcept {
  return damage(block, size, size, seed);
}

}  // namespace ar::test

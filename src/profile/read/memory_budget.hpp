// How much memory the records of one profile may take: a few bytes of a file can stand for a record of a
// thousand, and records can share what they name, so that a small file could ask for any amount, and a file
// that holds little more than it weighs compressed for more than the machine has.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "profile/read/damage.hpp"

namespace ar::profile {

// A profile that a process wrote takes at most about 20 times its size: most of it, sites whose histograms
// are empty.
inline constexpr std::size_t most_memory_per_byte = 32;
inline constexpr std::size_t memory_for_any_profile = std::size_t{64} << 20U;

// Whatever the size. The largest region of a process takes some 800 MiB.
inline constexpr std::size_t least_ceiling = std::size_t{1} << 30U;
inline constexpr std::size_t ceiling_per_byte = 4;  // of the most that may be read (--max-input)

[[nodiscard]] constexpr std::size_t memory_ceiling(std::uint64_t most) {
  return std::max<std::size_t>(least_ceiling, most * ceiling_per_byte);
}

class MemoryBudget {
 public:
  // `size` is that of what is read, decompressed, and `most` what it may be.
  MemoryBudget(std::size_t size, std::uint64_t most)
      : ceiling_(memory_ceiling(most)),
        left_(std::min(size * most_memory_per_byte + memory_for_any_profile, ceiling_)),
        is_at_ceiling_(left_ == ceiling_) {}

  // Call it before memory for `count` records is allocated.
  template <typename Record>
  void take(std::size_t count) {
    take_bytes(count, sizeof(Record));
  }
  void take_text(std::size_t length) { take_bytes(length, 1); }

 private:
  void take_bytes(std::size_t count, std::size_t size) {
    if (count > left_ / size) {
      if (is_at_ceiling_) {
        throw Damage{fmt::format("needs more than {} bytes of memory (--max-input)", ceiling_)};
      }
      throw Damage{"holds more records than a file of its size can have"};
    }
    left_ -= count * size;
  }

  std::size_t ceiling_;
  std::size_t left_;
  bool is_at_ceiling_;
};

}  // namespace ar::profile

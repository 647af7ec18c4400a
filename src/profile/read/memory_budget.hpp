// How much memory the records of one profile may take: a few bytes of a file can stand for a record of a
// thousand, and records can share what they name, so that a small file could ask for any amount.
#pragma once

#include <cstddef>

#include "profile/read/damage.hpp"

namespace ar::profile {

// A profile that a process wrote takes at most about 20 times its size: most of it, sites whose histograms
// are empty.
inline constexpr std::size_t most_memory_per_byte = 32;
inline constexpr std::size_t memory_for_any_profile = std::size_t{64} << 20U;

class MemoryBudget {
 public:
  // `size` is that of what is read, decompressed.
  explicit MemoryBudget(std::size_t size) : left_(size * most_memory_per_byte + memory_for_any_profile) {}

  // Call it before memory for `count` records is allocated.
  template <typename Record>
  void take(std::size_t count) {
    take_bytes(count, sizeof(Record));
  }
  void take_text(std::size_t length) { take_bytes(length, 1); }

 private:
  void take_bytes(std::size_t count, std::size_t size) {
    if (count > left_ / size) {
      throw Damage{"holds more records than a file of its size can have"};
    }
    left_ -= count * size;
  }

  std::size_t left_;
};

}  // namespace ar::profile

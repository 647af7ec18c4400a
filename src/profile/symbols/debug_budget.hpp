// What may be spent on reading debug information, over all modules of one Symbolizer.
#pragma once

#include <cstdint>

namespace ar::profile {

// A few bytes of debug information can stand for any amount of work and memory: lists are shared, and line
// tables take a hundred times their size. Compilers' output stays far below these.
struct DebugBudget {
  std::uint64_t decompressed = std::uint64_t{4} << 30U;  // bytes of sections, and of copies of files
  std::uint64_t entries = std::uint64_t{1} << 26U;       // to look at, and their ranges of addresses
  std::uint64_t extents = std::uint64_t{1} << 22U;       // of functions and units, to keep
  std::uint64_t line_bytes = std::uint64_t{1} << 25U;    // of line tables
};

// False if less than `amount` is left.
[[nodiscard]] inline bool spend(std::uint64_t& left, std::uint64_t amount) {
  if (amount > left) {
    return false;
  }
  left -= amount;
  return true;
}

}  // namespace ar::profile

// The second metadata word of annotated blocks: when they were allocated.
#pragma once

#include <cstdint>

namespace ar::track {

struct Stamp {
  std::uint64_t sequence;  // 1, 2, … process-wide
  std::int64_t seconds;    // since 1970
};

// A new block's word. The profile is open.
[[nodiscard]] std::uint64_t new_stamp() noexcept;

[[nodiscard]] Stamp read_stamp(std::uint64_t word) noexcept;

}  // namespace ar::track

#pragma once

#include <algorithm>
#include <array>
#include <span>

using Scores = std::array<int, 5>;

inline Scores from_zero(Scores scores) {
  return scores;  // yours to write
}

inline void clamp_all(std::span<int> /*scores*/, int /*limit*/) {
  // yours to write
}

inline std::span<const int> without_ends(std::span<const int> scores) {
  return scores;  // yours to write
}

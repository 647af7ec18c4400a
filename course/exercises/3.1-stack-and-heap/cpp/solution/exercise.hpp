#pragma once

#include <algorithm>
#include <array>
#include <span>

using Scores = std::array<int, 5>;

inline Scores from_zero(Scores scores) {
  const int smallest = *std::ranges::min_element(scores);
  for (int& score : scores) {
    score -= smallest;
  }
  return scores;
}

inline void clamp_all(std::span<int> scores, int limit) {
  for (int& score : scores) {
    score = std::min(score, limit);
  }
}

inline std::span<const int> without_ends(std::span<const int> scores) {
  if (scores.size() < 3) {
    return {};
  }
  return scores.subspan(1, scores.size() - 2);
}

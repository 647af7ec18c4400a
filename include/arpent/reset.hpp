// What a reset keeps of an arena's or a pool's memory for what comes next.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ar {

// How many bytes a reset keeps at most. Made by the three below.
class Reset {
 public:
  constexpr explicit Reset(std::size_t limit) noexcept : limit_(limit) {}
  [[nodiscard]] constexpr std::size_t limit() const noexcept { return limit_; }

 private:
  std::size_t limit_;
};

// Gives all memory back.
inline constexpr Reset free_all{0};
// Keeps as much as there is, in one piece, so that the same work again needs no more.
inline constexpr Reset retain_capacity{SIZE_MAX};
// Keeps as much as there is, but no more than `bytes`.
[[nodiscard]] constexpr Reset retain_with_limit(std::size_t bytes) noexcept { return Reset{bytes}; }

}  // namespace ar

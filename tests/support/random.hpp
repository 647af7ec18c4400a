// Numbers that look random and are the same in every run. Not shared between threads.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ar::test {

class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept : state_(seed * 0x9e3779b97f4a7c15ULL + 1) {}

  std::uint64_t next() noexcept {
    state_ ^= state_ << 13U;
    state_ ^= state_ >> 7U;
    state_ ^= state_ << 17U;
    return state_ * 0x2545f4914f6cdd1dULL;
  }

  // 0 … bound - 1
  std::size_t below(std::size_t bound) noexcept { return static_cast<std::size_t>(next() >> 11U) % bound; }

  // Sizes as programs ask for them: each power of two from 2^0 to 2^(bits - 1) as likely as the next.
  std::size_t size(unsigned bits) noexcept {
    const std::size_t power = std::size_t{1} << below(bits);
    return power + below(power);
  }

 private:
  std::uint64_t state_;
};

}  // namespace ar::test

// Pseudo-random numbers for the workloads: the same on every machine and with every allocator.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace ar::bench {

// SplitMix64: eight bytes of state, a few instructions a number. Not thread-safe: one a thread.
class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t next() noexcept {
    state_ += 0x9e3779b97f4a7c15ULL;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebULL;
    return mixed ^ (mixed >> 31U);
  }

  // In [0, bound). Multiplies instead of dividing, which would cost as much as a fast malloc.
  std::uint32_t below(std::uint32_t bound) noexcept {
    return static_cast<std::uint32_t>(((next() >> 32U) * bound) >> 32U);
  }

  // Makes the next number wait for `value`, without changing it as long as `value` is 0.
  void depend_on(std::uint64_t value) noexcept { state_ += value; }

 private:
  std::uint64_t state_;
};

// In [2^lowest, 2^(highest + 1)), each power of two equally likely: small sizes are as frequent as they
// are in real programs.
inline std::size_t random_size(Random& random, std::uint32_t lowest, std::uint32_t highest) noexcept {
  const std::uint32_t exponent = lowest + random.below(highest - lowest + 1);
  const std::uint32_t base = std::uint32_t{1} << exponent;
  return std::size_t{base} + random.below(base);
}

// 16 to 1,023 bytes.
inline std::size_t small_size(Random& random) noexcept { return random_size(random, 4, 9); }

template <typename T>
void shuffle(std::span<T> items, Random& random) noexcept {
  for (std::size_t left = items.size(); left > 1; --left) {
    std::swap(items[left - 1], items[random.below(static_cast<std::uint32_t>(left))]);
  }
}

}  // namespace ar::bench

// Sizes and lifetimes, as they were estimated from a sample.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "profile/model/profile.hpp"

namespace ar::profile {

// The largest value that bucket `bucket` counts; of the last one, what it is for nearly all.
[[nodiscard]] constexpr std::uint64_t largest_in(std::size_t bucket) noexcept {
  return (std::uint64_t{1} << bucket) - 1;
}

// The bucket that counts `value`.
[[nodiscard]] std::size_t bucket_of(std::uint64_t value) noexcept;

// Makes what a sample counted add up to about `whole`; what was seen stays seen.
void stretch(Histogram& histogram, std::uint64_t whole);

[[nodiscard]] bool is_empty(const Histogram& histogram);

// The largest value that `share` (0 … 1) of all lie at or below, rounded up to the end of its bucket. Of an
// empty one 0.
[[nodiscard]] std::uint64_t quantile(const Histogram& histogram, double share);

// The sums over sites.
[[nodiscard]] Histogram sizes_of(std::span<const Site> sites);
[[nodiscard]] Histogram lifetimes_of(std::span<const Site> sites);

// "half up to 31 B, 99 % up to 1.0 KiB"; empty when nothing is known.
[[nodiscard]] std::string size_sentence(const Histogram& sizes);
// "half of the freed blocks lived while at most 4.0 KiB were allocated, 99 % at most 2.0 MiB".
[[nodiscard]] std::string lifetime_sentence(const Histogram& lifetimes);

}  // namespace ar::profile

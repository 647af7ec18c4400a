#include "profile/model/histograms.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "profile/model/text_format.hpp"

namespace ar::profile {
namespace {

constexpr double nearly_all = 0.99;

// In floating point: a damaged profile can hold anything.
double sum_of(const Histogram& histogram) {
  return std::accumulate(histogram.begin(), histogram.end(), 0.0,
                         [](double sum, std::uint64_t count) { return sum + static_cast<double>(count); });
}

void add(Histogram& sum, const Histogram& more) {
  std::ranges::transform(sum, more, sum.begin(), std::plus{});
}

}  // namespace

std::size_t bucket_of(std::uint64_t value) noexcept {
  return std::min<std::size_t>(static_cast<std::size_t>(std::bit_width(value)), histogram_buckets - 1);
}

void stretch(Histogram& histogram, std::uint64_t whole) {
  constexpr double most = 9e18;  // below 2^63
  const double sum = sum_of(histogram);
  for (std::uint64_t& count : histogram) {
    if (count != 0) {
      const double share = static_cast<double>(count) / sum * static_cast<double>(whole);
      count = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::llround(std::min(share, most))));
    }
  }
}

bool is_empty(const Histogram& histogram) {
  return std::ranges::all_of(histogram, [](std::uint64_t count) { return count == 0; });
}

std::uint64_t quantile(const Histogram& histogram, double share) {
  const double wanted = sum_of(histogram) * share;
  double seen = 0;
  std::uint64_t value = 0;
  for (std::size_t bucket = 0; bucket < histogram.size() && (seen < wanted || seen == 0); ++bucket) {
    if (histogram[bucket] != 0) {
      seen += static_cast<double>(histogram[bucket]);
      value = largest_in(bucket);
    }
  }
  return value;
}

Histogram sizes_of(std::span<const Site> sites) {
  Histogram sum{};
  for (const Site& site : sites) {
    add(sum, site.sizes);
  }
  return sum;
}

Histogram lifetimes_of(std::span<const Site> sites) {
  Histogram sum{};
  for (const Site& site : sites) {
    add(sum, site.lifetimes);
  }
  return sum;
}

std::string size_sentence(const Histogram& sizes) {
  if (is_empty(sizes)) {
    return {};
  }
  return fmt::format("half up to {}, 99 % up to {}", as_size(quantile(sizes, 0.5)),
                     as_size(quantile(sizes, nearly_all)));
}

std::string lifetime_sentence(const Histogram& lifetimes) {
  if (is_empty(lifetimes)) {
    return {};
  }
  return fmt::format("half of the freed blocks lived while at most {} were allocated, 99 % at most {}",
                     as_size(quantile(lifetimes, 0.5)), as_size(quantile(lifetimes, nearly_all)));
}

}  // namespace ar::profile

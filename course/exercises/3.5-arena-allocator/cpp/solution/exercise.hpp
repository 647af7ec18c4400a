#pragma once

#include <algorithm>
#include <cstddef>
#include <expected>
#include <span>

#include <arpent/arena_allocator.hpp>

using Values = std::expected<std::span<float>, ar::Error>;

inline Values moving_average(std::span<const float> values, std::size_t window, ar::Allocator scratch,
                             ar::Allocator result) {
  if (window == 0 || window > values.size()) {
    return std::span<float>{};
  }
  const auto sums = scratch.alloc<float>(values.size() + 1, "sums");
  if (!sums) {
    return std::unexpected(sums.error());
  }
  (*sums)[0] = 0;
  for (std::size_t index = 0; index < values.size(); ++index) {
    (*sums)[index + 1] = (*sums)[index] + values[index];
  }
  const auto averages = result.alloc<float>(values.size() - window + 1, "averages");
  if (!averages) {
    return std::unexpected(averages.error());
  }
  for (std::size_t index = 0; index < averages->size(); ++index) {
    (*averages)[index] = ((*sums)[index + window] - (*sums)[index]) / static_cast<float>(window);
  }
  return *averages;
}

inline Values largest_averages(std::span<const std::span<const float>> batches, std::size_t window,
                               ar::Allocator allocator) {
  const auto result = allocator.alloc<float>(batches.size(), "largest averages");
  if (!result) {
    return std::unexpected(result.error());
  }
  ar::ArenaAllocator arena{allocator};
  for (std::size_t index = 0; index < batches.size(); ++index) {
    const auto averages = moving_average(batches[index], window, arena.allocator(), arena.allocator());
    if (!averages) {
      allocator.free(*result);
      return std::unexpected(averages.error());
    }
    (*result)[index] = averages->empty() ? 0 : std::ranges::max(*averages);
    arena.reset();
  }
  return *result;
}

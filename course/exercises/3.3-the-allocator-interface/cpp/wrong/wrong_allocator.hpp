// refused with: the result is not from the caller's allocator
#pragma once

#include <algorithm>
#include <cstddef>
#include <expected>
#include <span>

#include <arpent/c_allocator.hpp>

using Values = std::expected<std::span<float>, ar::Error>;

inline Values filter_positive(std::span<const float> values, ar::Allocator /*allocator*/) {
  std::size_t count = 0;
  for (const float value : values) {
    count += value > 0 ? 1 : 0;
  }
  const auto result = ar::c_allocator.alloc<float>(count, "filter_positive");
  if (!result) {
    return std::unexpected(result.error());
  }
  std::size_t next = 0;
  for (const float value : values) {
    if (value > 0) {
      (*result)[next++] = value;
    }
  }
  return *result;
}

inline Values join_positive(std::span<const float> first, std::span<const float> second,
                            ar::Allocator allocator) {
  const auto left = filter_positive(first, allocator);
  if (!left) {
    return std::unexpected(left.error());
  }
  const auto right = filter_positive(second, allocator);
  if (!right) {
    allocator.free(*left);
    return std::unexpected(right.error());
  }
  const auto result = allocator.alloc<float>(left->size() + right->size(), "join_positive");
  if (result) {
    std::ranges::copy(*left, result->begin());
    std::ranges::copy(*right, result->begin() + static_cast<std::ptrdiff_t>(left->size()));
  }
  allocator.free(*right);
  allocator.free(*left);
  if (!result) {
    return std::unexpected(result.error());
  }
  return *result;
}

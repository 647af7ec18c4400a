#pragma once

#include <algorithm>
#include <cstddef>
#include <expected>
#include <span>

#include <arpent/allocator.hpp>

using Layer = std::span<float>;

inline std::expected<std::size_t, ar::Error> count_distinct(std::span<const int> values,
                                                            ar::Allocator allocator) {
  const auto sorted = allocator.dupe(values, "sorted");
  if (!sorted) {
    return std::unexpected(sorted.error());
  }
  std::ranges::sort(*sorted);
  std::size_t count = 0;
  for (std::size_t index = 0; index < sorted->size(); ++index) {
    count += index == 0 || (*sorted)[index] != (*sorted)[index - 1] ? 1 : 0;
  }
  allocator.free(*sorted);
  return count;
}

inline std::expected<std::span<Layer>, ar::Error> make_layers(std::span<const std::size_t> sizes,
                                                              ar::Allocator allocator) {
  const auto layers = allocator.alloc<Layer>(sizes.size(), "layers");
  if (!layers) {
    return std::unexpected(layers.error());
  }
  for (std::size_t index = 0; index < sizes.size(); ++index) {
    const auto layer = allocator.alloc_zeroed<float>(sizes[index], "layer");
    if (!layer) {
      for (std::size_t made = 0; made < index; ++made) {
        allocator.free((*layers)[made]);
      }
      allocator.free(*layers);
      return std::unexpected(layer.error());
    }
    (*layers)[index] = *layer;
  }
  return *layers;
}

inline std::expected<std::span<int>, ar::Error> append(std::span<int> items, int value,
                                                       ar::Allocator allocator) {
  const auto larger = allocator.alloc<int>(items.size() + 1, "items");
  if (!larger) {
    return std::unexpected(larger.error());
  }
  for (std::size_t index = 0; index < items.size(); ++index) {
    (*larger)[index] = items[index];
  }
  (*larger)[items.size()] = value;
  allocator.free(items);
  return *larger;
}

#pragma once

#include <cstddef>
#include <expected>
#include <span>
#include <utility>

#include <arpent/allocator.hpp>

class Dataset {
 public:
  static std::expected<Dataset, ar::Error> make(ar::Allocator allocator, std::size_t rows,
                                                std::size_t columns) {
    const auto features = allocator.alloc_zeroed<float>(rows * columns, "features");
    if (!features) {
      return std::unexpected(features.error());
    }
    const auto labels = allocator.alloc_zeroed<int>(rows, "labels");
    if (!labels) {
      allocator.free(*features);
      return std::unexpected(labels.error());
    }
    return Dataset{allocator, *features, *labels};
  }

  Dataset(Dataset&& other) noexcept
      : allocator_(other.allocator_),
        features_(std::exchange(other.features_, {})),
        labels_(std::exchange(other.labels_, {})) {}
  Dataset& operator=(Dataset&&) = delete;
  ~Dataset() {
    allocator_.free(labels_);
    allocator_.free(features_);
  }

  std::span<float> features() const { return features_; }
  std::span<int> labels() const { return labels_; }

 private:
  Dataset(ar::Allocator allocator, std::span<float> features, std::span<int> labels)
      : allocator_(allocator), features_(features), labels_(labels) {}

  ar::Allocator allocator_;
  std::span<float> features_;
  std::span<int> labels_;
};

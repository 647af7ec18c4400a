#pragma once

#include <cstddef>
#include <expected>
#include <span>
#include <utility>

#include <arpent/allocator.hpp>

class Dataset {
 public:
  static std::expected<Dataset, ar::Error> make(ar::Allocator allocator, std::size_t /*rows*/,
                                                std::size_t /*columns*/) {
    return Dataset{allocator, {}, {}};  // yours to write
  }

  Dataset(Dataset&& other) noexcept
      : allocator_(other.allocator_), features_(other.features_), labels_(other.labels_) {}  // yours to mend
  Dataset& operator=(Dataset&&) = delete;
  ~Dataset() {
    // yours to write
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

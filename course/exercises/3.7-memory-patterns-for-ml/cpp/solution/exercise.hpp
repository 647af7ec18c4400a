#pragma once

#include <algorithm>
#include <cstddef>
#include <expected>
#include <span>
#include <utility>

#include <arpent/allocator.hpp>

class SimpleModel {
 public:
  static std::expected<SimpleModel, ar::Error> make(std::span<const float> weights,
                                                    std::span<const float> biases, std::size_t inputs,
                                                    ar::Allocator long_lived) {
    const auto own_weights = long_lived.dupe(weights, "weights");
    if (!own_weights) {
      return std::unexpected(own_weights.error());
    }
    const auto own_biases = long_lived.dupe(biases, "biases");
    if (!own_biases) {
      long_lived.free(*own_weights);
      return std::unexpected(own_biases.error());
    }
    return SimpleModel{long_lived, *own_weights, *own_biases, inputs};
  }

  SimpleModel(SimpleModel&& other) noexcept
      : allocator_(other.allocator_),
        weights_(std::exchange(other.weights_, {})),
        biases_(std::exchange(other.biases_, {})),
        inputs_(other.inputs_) {}
  SimpleModel& operator=(SimpleModel&&) = delete;
  ~SimpleModel() {
    allocator_.free(biases_);
    allocator_.free(weights_);
  }

  std::expected<std::span<float>, ar::Error> predict(std::span<const float> input, ar::Allocator scratch,
                                                     ar::Allocator result) const {
    const auto scores = scratch.alloc<float>(biases_.size(), "scores");
    if (!scores) {
      return std::unexpected(scores.error());
    }
    for (std::size_t output = 0; output < biases_.size(); ++output) {
      float score = biases_[output];
      for (std::size_t index = 0; index < inputs_; ++index) {
        score += input[index] * weights_[output * inputs_ + index];
      }
      (*scores)[output] = score;
    }
    const auto answer = result.alloc<float>(scores->size(), "answer");
    if (!answer) {
      return std::unexpected(answer.error());
    }
    const float largest = std::ranges::max(*scores);
    for (std::size_t output = 0; output < scores->size(); ++output) {
      (*answer)[output] = (*scores)[output] - largest;
    }
    return *answer;
  }

 private:
  SimpleModel(ar::Allocator allocator, std::span<const float> weights, std::span<const float> biases,
              std::size_t inputs)
      : allocator_(allocator), weights_(weights), biases_(biases), inputs_(inputs) {}

  ar::Allocator allocator_;
  std::span<const float> weights_;
  std::span<const float> biases_;
  std::size_t inputs_;
};

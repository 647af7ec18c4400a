// The classifier: 14 x 14 pixels, 32 hidden units, 10 digits. The weights are views of a file that is mapped;
// the activations are scratch memory; the probabilities belong to the caller.
#pragma once

#include <algorithm>
#include <arpent/ml/simple_model.hpp>
#include <arpent/ml/weight_store.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>

namespace digits {

inline constexpr std::size_t side = 14;
inline constexpr std::size_t pixels = side * side;
inline constexpr std::size_t hidden = 32;
inline constexpr std::size_t classes = 10;

// Weights, shared by all threads. The store must outlive it.
class DigitModel {
 public:
  [[nodiscard]] static std::expected<DigitModel, ar::ml::WeightError> from(const ar::ml::WeightStore& store) {
    const auto weight1 = store.view<float>("fc1.weight", {hidden, pixels});
    const auto bias1 = store.view<float>("fc1.bias", {hidden});
    const auto weight2 = store.view<float>("fc2.weight", {classes, hidden});
    const auto bias2 = store.view<float>("fc2.bias", {classes});
    for (const auto* view : {&weight1, &bias1, &weight2, &bias2}) {
      if (!*view) {
        return std::unexpected(view->error());
      }
    }
    return DigitModel{*weight1, *bias1, *weight2, *bias2};
  }

  // Any number of images, `pixels` bytes each, 0 for white and 255 for ink; for each the probabilities of the
  // ten digits. ModelFault::wrong_input when the bytes are no whole images.
  [[nodiscard]] std::expected<ar::OwnedSpan<float>, ar::ml::ModelFault> infer(
      std::span<const std::uint8_t> images, ar::Allocator scratch, ar::Allocator result) const {
    using ar::ml::ModelFault;
    if (images.size() % pixels != 0) {
      return std::unexpected(ModelFault::wrong_input);
    }
    const std::size_t count = images.size() / pixels;
    const auto input = scratch.alloc<float>(images.size(), "input");
    const auto activations = scratch.alloc<float>(count * hidden, "activations");
    auto output = ar::make_owned_span<float>(result, count * classes, "probabilities");
    if (!input || !activations || !output) {
      return std::unexpected(ModelFault::out_of_memory);
    }
    std::ranges::transform(images, input->begin(),
                           [](std::uint8_t ink) { return static_cast<float>(ink) / 255; });
    for (std::size_t image = 0; image < count; ++image) {
      const auto middle = activations->subspan(image * hidden, hidden);
      ar::ml::apply_dense(weight1_, bias1_, input->subspan(image * pixels, pixels), middle);
      std::ranges::transform(middle, middle.begin(), [](float value) { return std::max(value, 0.0F); });
      const auto scores = output->get().subspan(image * classes, classes);
      ar::ml::apply_dense(weight2_, bias2_, middle, scores);
      make_probabilities(scores);
    }
    return std::move(*output);
  }

  // The most probable digit of one image's probabilities.
  [[nodiscard]] static std::size_t best(std::span<const float> probabilities) {
    return static_cast<std::size_t>(std::ranges::max_element(probabilities) - probabilities.begin());
  }

  // Softmax, in place.
  static void make_probabilities(std::span<float> scores) {
    const float largest = *std::ranges::max_element(scores);
    float sum = 0;
    for (float& score : scores) {
      score = std::exp(score - largest);
      sum += score;
    }
    for (float& score : scores) {
      score /= sum;
    }
  }

 private:
  using View = std::span<const float>;
  DigitModel(View weight1, View bias1, View weight2, View bias2)
      : weight1_(weight1), bias1_(bias1), weight2_(weight2), bias2_(bias2) {}

  View weight1_;
  View bias1_;
  View weight2_;
  View bias2_;
};

}  // namespace digits

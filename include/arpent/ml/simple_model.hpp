// ar::ml::SimpleModel: one dense layer, output = weights * input + bias. For C++23; link arpent::ml.
//
//   auto model = ar::ml::SimpleModel::create(allocator, 784, 10);
//   if (!model) return std::unexpected(model.error());
//   std::ranges::copy(trained, model->weights().begin());
//   const auto scores = model->predict(image, allocator);
//
// The smallest thing that is a model: it owns two blocks, and if the second cannot be had, the first is given
// back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include "../allocator.hpp"
#include "../owned.hpp"
#include "weight_store.hpp"

namespace ar::ml {

// Why a model could not be made or asked.
enum class ModelFault : std::uint8_t {
  out_of_memory,  // an allocator has no such block
  wrong_input,    // the input has another size than the model takes
};

// The fault in words, without a full stop. Never released.
[[nodiscard]] const char* message(ModelFault fault) noexcept;

// output[row] = bias[row] + sum over column of weights[row * columns + column] * input[column], for all rows:
// the arithmetic of a dense layer, on the caller's memory. The sizes must agree: weights is output by input.
void apply_dense(std::span<const float> weights, std::span<const float> bias, std::span<const float> input,
                 std::span<float> output) noexcept;

// Owns its weights and bias. Moved, not copied. Predictions may be made by several threads at once, as long
// as nobody writes weights.
class SimpleModel {
 public:
  // All weights zero. The allocator must outlive the model. No inputs or outputs is allowed.
  [[nodiscard]] static std::expected<SimpleModel, ModelFault> create(Allocator allocator, std::size_t inputs,
                                                                     std::size_t outputs) noexcept;
  // A copy of the store's f32 tensors PREFIX.weight [outputs, inputs] and PREFIX.bias [outputs].
  [[nodiscard]] static std::expected<SimpleModel, WeightError> from(const WeightStore& store,
                                                                    std::string_view prefix,
                                                                    Allocator allocator);

  [[nodiscard]] std::size_t inputs() const noexcept { return inputs_; }
  [[nodiscard]] std::size_t outputs() const noexcept { return bias_.size(); }
  // Row by row: the weights of the first output come first.
  [[nodiscard]] std::span<float> weights() noexcept { return weights_.get(); }
  [[nodiscard]] std::span<const float> weights() const noexcept { return weights_.get(); }
  [[nodiscard]] std::span<float> bias() noexcept { return bias_.get(); }
  [[nodiscard]] std::span<const float> bias() const noexcept { return bias_.get(); }

  // The outputs for one input, in memory of the result allocator's.
  [[nodiscard]] std::expected<OwnedSpan<float>, ModelFault> predict(
      std::span<const float> input, Allocator result_allocator) const noexcept;
  // The same for ar::ml::Session; a single layer needs no scratch memory.
  [[nodiscard]] std::expected<OwnedSpan<float>, ModelFault> infer(std::span<const float> input, Allocator,
                                                                  Allocator result_allocator) const noexcept {
    return predict(input, result_allocator);
  }

 private:
  SimpleModel(std::size_t inputs, OwnedSpan<float> weights, OwnedSpan<float> bias) noexcept;

  std::size_t inputs_;
  OwnedSpan<float> weights_;
  OwnedSpan<float> bias_;
};

}  // namespace ar::ml

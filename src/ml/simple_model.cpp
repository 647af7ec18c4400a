#include "arpent/ml/simple_model.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace ar::ml {

const char* message(ModelFault fault) noexcept {
  switch (fault) {
    case ModelFault::out_of_memory:
      return "out of memory";
    case ModelFault::wrong_input:
      return "the input has another size than the model takes";
  }
  return "unknown fault";
}

void apply_dense(std::span<const float> weights, std::span<const float> bias, std::span<const float> input,
                 std::span<float> output) noexcept {
  for (std::size_t row = 0; row < output.size(); ++row) {
    const std::span<const float> of_row = weights.subspan(row * input.size(), input.size());
    float sum = bias[row];
    for (std::size_t column = 0; column < input.size(); ++column) {
      sum += of_row[column] * input[column];
    }
    output[row] = sum;
  }
}

SimpleModel::SimpleModel(std::size_t inputs, OwnedSpan<float> weights, OwnedSpan<float> bias) noexcept
    : inputs_(inputs), weights_(std::move(weights)), bias_(std::move(bias)) {}

std::expected<SimpleModel, ModelFault> SimpleModel::create(Allocator allocator, std::size_t inputs,
                                                           std::size_t outputs) noexcept {
  if (outputs != 0 && inputs > SIZE_MAX / outputs) {
    return std::unexpected(ModelFault::out_of_memory);
  }
  // Both are owned from the start: whichever way this is left, nothing stays behind.
  auto weights = make_owned_span<float>(allocator, inputs * outputs, "weights");
  if (!weights) {
    return std::unexpected(ModelFault::out_of_memory);
  }
  auto bias = make_owned_span<float>(allocator, outputs, "bias");
  if (!bias) {
    return std::unexpected(ModelFault::out_of_memory);
  }
  std::ranges::fill(*weights, 0.0F);
  std::ranges::fill(*bias, 0.0F);
  return SimpleModel{inputs, std::move(*weights), std::move(*bias)};
}

std::expected<SimpleModel, WeightError> SimpleModel::from(const WeightStore& store, std::string_view prefix,
                                                          Allocator allocator) {
  const std::string name{prefix};
  const auto bias = store.view<float>(name + ".bias", {any_size});
  if (!bias) {
    return std::unexpected(bias.error());
  }
  const auto weights = store.view<float>(name + ".weight", {bias->size(), any_size});
  if (!weights) {
    return std::unexpected(weights.error());
  }
  const std::size_t inputs = store.find(name + ".weight")->shape[1];
  auto model = create(allocator, inputs, bias->size());
  if (!model) {
    return std::unexpected(
        WeightError{WeightFault::out_of_memory, name + ".weight",
                    "tensor \"" + name + ".weight\": no memory for a copy of it and of its bias"});
  }
  std::ranges::copy(*weights, model->weights().begin());
  std::ranges::copy(*bias, model->bias().begin());
  return std::move(*model);
}

std::expected<OwnedSpan<float>, ModelFault> SimpleModel::predict(std::span<const float> input,
                                                                 Allocator result_allocator) const noexcept {
  if (input.size() != inputs_) {
    return std::unexpected(ModelFault::wrong_input);
  }
  auto output = make_owned_span<float>(result_allocator, outputs(), "prediction");
  if (!output) {
    return std::unexpected(ModelFault::out_of_memory);
  }
  apply_dense(weights(), bias(), input, output->get());
  return std::move(*output);
}

}  // namespace ar::ml

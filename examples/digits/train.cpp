// digits-train FILE: teaches the classifier digits that it draws itself, and writes its weights.
//
// Plain stochastic gradient descent, one image at a time, no image twice; a few seconds. Exit status: 0
// written, 1 not, 2 wrong usage.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "digit_images.hpp"
#include "digit_model.hpp"

namespace {

using namespace digits;

struct Layer {
  std::size_t inputs, outputs;
  std::vector<float> weights = std::vector<float>(inputs * outputs);
  std::vector<float> bias = std::vector<float>(outputs);

  void start_from(Chance& chance) {
    const float reach = std::sqrt(6.0F / static_cast<float>(inputs));
    std::ranges::generate(weights, [&] { return chance.between(-reach, reach); });
  }
  // One step against the error of the outputs; returns the error of the inputs.
  [[nodiscard]] std::vector<float> learn(std::span<const float> input, std::span<const float> error,
                                         float rate) {
    std::vector<float> error_before(inputs);
    for (std::size_t row = 0; row < outputs; ++row) {
      for (std::size_t column = 0; column < inputs; ++column) {
        float& weight = weights[row * inputs + column];
        error_before[column] += weight * error[row];
        weight -= rate * error[row] * input[column];
      }
      bias[row] -= rate * error[row];
    }
    return error_before;
  }
};

void learn(Layer& first, Layer& second, const Image& image, std::size_t digit, float rate) {
  std::array<float, pixels> input{};
  std::ranges::transform(image, input.begin(),
                         [](std::uint8_t ink) { return static_cast<float>(ink) / 255; });
  std::array<float, hidden> middle{};
  ar::ml::apply_dense(first.weights, first.bias, input, middle);
  std::ranges::transform(middle, middle.begin(), [](float value) { return std::max(value, 0.0F); });
  std::array<float, classes> error{};  // probabilities, and then what they are too much
  ar::ml::apply_dense(second.weights, second.bias, middle, error);
  DigitModel::make_probabilities(error);
  error[digit] -= 1;
  std::vector<float> of_middle = second.learn(middle, error, rate);
  for (std::size_t index = 0; index < hidden; ++index) {
    of_middle[index] = middle[index] > 0 ? of_middle[index] : 0;
  }
  static_cast<void>(first.learn(input, of_middle, rate));
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: digits-train FILE.safetensors\n");
    return 2;
  }
  constexpr std::size_t steps = 100'000;
  Chance chance{1};
  Layer first{pixels, hidden};
  Layer second{hidden, classes};
  first.start_from(chance);
  second.start_from(chance);
  for (std::size_t step = 0; step < steps; ++step) {
    const std::size_t digit = chance.number() % classes;
    const float rate = 0.02F * (1 - static_cast<float>(step) / static_cast<float>(steps));
    learn(first, second, draw(digit, chance), digit, rate);
  }

  const std::array<std::size_t, 2> shape1{hidden, pixels};
  const std::array<std::size_t, 2> shape2{classes, hidden};
  const auto tensor = [](std::string_view name, std::span<const std::size_t> shape,
                         const std::vector<float>& data) {
    return ar::ml::TensorToWrite{name, ar::ml::Dtype::f32, shape, std::as_bytes(std::span{data})};
  };
  const std::array tensors{tensor("fc1.weight", shape1, first.weights),
                           tensor("fc1.bias", std::span{shape1}.first(1), first.bias),
                           tensor("fc2.weight", shape2, second.weights),
                           tensor("fc2.bias", std::span{shape2}.first(1), second.bias)};
  const std::array metadata{
      std::pair<std::string_view, std::string_view>{"made by", "examples/digits/train.cpp"}};
  if (const auto done = ar::ml::write_weights(arguments[1], tensors, metadata); !done) {
    std::fprintf(stderr, "digits-train: %s\n", done.error().text.c_str());
    return 1;
  }
  return 0;
}

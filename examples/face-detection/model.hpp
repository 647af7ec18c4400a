// A TensorFlow Lite model whose weights are floats of 16 or 32 bits, as far as a small convolutional network
// needs it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace face_detection {

enum class Kind : unsigned char { convolution, depthwise, add, max_pooling, pad, relu, reshape, concatenate };

struct Tensor {
  std::string name;
  std::vector<std::size_t> shape;
  std::size_t values = 1;              // the product of the shape
  std::span<const std::byte> weights;  // within the file; empty for what is computed
  bool is_half = false;                // weights of 16 bits
};

struct Operator {
  Kind kind = Kind::add;
  std::vector<std::size_t> inputs;  // indices of tensors
  std::size_t output = 0;
  bool same_padding = false;
  bool clips_below_zero = false;               // an operator of its own or fused into another one
  std::array<std::uint32_t, 2> strides{1, 1};  // down, across
  std::array<std::uint32_t, 2> window{1, 1};   // of pooling
};

struct Model {
  std::vector<Tensor> tensors;
  std::vector<Operator> operators;  // in the order in which they are run
  std::vector<std::size_t> inputs;
  std::vector<std::size_t> outputs;
};

// The weights refer to `file`, which must be aligned to 8 bytes. Operators that widen weights are dropped:
// their output has the weights of 16 bits. The error says what is wrong or not supported, without full stop.
[[nodiscard]] std::expected<Model, std::string> read_model(std::string_view file);

}  // namespace face_detection

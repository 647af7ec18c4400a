#include "detector.hpp"

#include <algorithm>
#include <arpent/half.hpp>
#include <arpent/ml/plan.hpp>
#include <array>
#include <cstdint>
#include <cstring>
#include <limits>

namespace face_detection {
namespace {

constexpr std::size_t alignment = 64;
// XNNPACK may read so far behind a tensor.
constexpr std::size_t read_behind = XNN_EXTRA_BYTES;

struct Failed {
  std::string what;
};

void require(xnn_status status, const char* what) {
  if (status != xnn_status_success) {
    throw Failed{std::string{"XNNPACK cannot make "} + what + " (status " + std::to_string(status) + ")"};
  }
}

}  // namespace

class Builder {
 public:
  Builder(const Model& model, Memory memory)
      : model_(model), memory_(memory), places_(model.tensors.size()) {}

  Detector build() {
    give_places();
    for (const Operator& one : model_.operators) {
      add(one);
    }
    if (model_.inputs.size() != 1) {
      throw Failed{"the model must have one input"};
    }
    const std::size_t input = model_.inputs[0];
    detector_.input_ = {places_[input], model_.tensors[input].values};
    for (const std::size_t output : model_.outputs) {
      detector_.outputs_.emplace_back(places_[output], model_.tensors[output].values);
    }
    return std::move(detector_);
  }

 private:
  float* block(ar::Allocator allocator, std::size_t bytes) {
    const auto made = allocator.aligned_alloc<std::byte>(ar::Alignment{alignment}, bytes);
    if (!made) {
      throw Failed{"there is no memory for " + std::to_string(bytes) + " bytes"};
    }
    std::memset(made->data(), 0, bytes);
    return reinterpret_cast<float*>(made->data());
  }

  // Offsets from the lifetimes: from the operator that makes a tensor to the last one that reads it.
  void give_places() {
    const auto end = static_cast<std::int64_t>(model_.operators.size());
    std::vector<ar::ml::Lifetime> of_tensor(model_.tensors.size(), {end, 0, 0});
    const auto use = [&](std::size_t tensor, std::int64_t step) {
      if (model_.tensors[tensor].weights.empty()) {
        of_tensor[tensor].lower = std::min(of_tensor[tensor].lower, step);
        of_tensor[tensor].upper = std::max(of_tensor[tensor].upper, step + 1);
        of_tensor[tensor].size = model_.tensors[tensor].values * sizeof(float) + read_behind;
      }
    };
    for (std::int64_t step = 0; step < end; ++step) {
      const Operator& one = model_.operators[static_cast<std::size_t>(step)];
      std::ranges::for_each(one.inputs, [&](std::size_t tensor) { use(tensor, step); });
      use(one.output, step);
    }
    // The caller writes inputs before the first operator and reads outputs after the last one.
    std::ranges::for_each(model_.inputs, [&](std::size_t tensor) { use(tensor, 0); });
    std::ranges::for_each(model_.outputs, [&](std::size_t tensor) { use(tensor, end); });
    std::vector<ar::ml::Lifetime> lifetimes;
    std::vector<std::size_t> tensors;
    for (std::size_t tensor = 0; tensor < of_tensor.size(); ++tensor) {
      if (of_tensor[tensor].size != 0) {
        lifetimes.push_back(of_tensor[tensor]);
        tensors.push_back(tensor);
        detector_.sum_ += of_tensor[tensor].size;
      }
    }
    if (!memory_.is_planned) {
      for (const std::size_t tensor : tensors) {
        places_[tensor] = block(memory_.scratch, of_tensor[tensor].size);
      }
      return;
    }
    const auto plan = ar::ml::plan(lifetimes, {.alignment = alignment});
    if (!plan) {
      throw Failed{"the tensors cannot be planned"};
    }
    detector_.planned_ = plan->total;
    auto* begin = reinterpret_cast<std::byte*>(block(memory_.scratch, plan->total));
    for (std::size_t at = 0; at < tensors.size(); ++at) {
      places_[tensors[at]] = reinterpret_cast<float*>(begin + plan->offsets[at]);
    }
  }

  // As floats of 32 bits, until the weights are packed.
  const float* weights(std::size_t index) {
    const Tensor& tensor = model_.tensors[index];
    if (tensor.weights.empty()) {
      throw Failed{"'" + tensor.name + "' should be weights"};
    }
    float* wide = block(memory_.loading, tensor.values * sizeof(float));
    for (std::size_t at = 0; at < tensor.values; ++at) {
      if (tensor.is_half) {
        std::uint16_t half = 0;
        std::memcpy(&half, tensor.weights.data() + at * sizeof half, sizeof half);
        wide[at] = static_cast<float>(ar::f16::from_bits(half));
      } else {
        std::memcpy(wide + at, tensor.weights.data() + at * sizeof(float), sizeof(float));
      }
    }
    return wide;
  }

  const std::vector<std::size_t>& shape(std::size_t tensor, std::size_t dimensions) const {
    const std::vector<std::size_t>& found = model_.tensors[tensor].shape;
    if (found.size() != dimensions) {
      throw Failed{"'" + model_.tensors[tensor].name + "' has an unexpected shape"};
    }
    return found;
  }
  const float* from(const Operator& one, std::size_t input) const {
    const float* place = input < one.inputs.size() ? places_[one.inputs[input]] : nullptr;
    if (place == nullptr) {
      throw Failed{"an operator lacks an input"};
    }
    return place;
  }
  void keep(xnn_operator_t made) {
    detector_.steps_.push_back({});
    detector_.steps_.back().computed.reset(made);
  }
  void copy(const float* source, float* target, std::size_t values) {
    detector_.steps_.push_back({nullptr, source, target, values});
  }

  void add(const Operator& one) {
    switch (one.kind) {
      case Kind::convolution:
      case Kind::depthwise:
        return add_convolution(one);
      case Kind::max_pooling:
        return add_max_pooling(one);
      case Kind::add:
        return add_sum(one);
      case Kind::pad:
        return add_pad(one);
      case Kind::relu:
        return add_clamp(one);
      case Kind::reshape:
        require_same_size(one.inputs[0], one.output);
        return copy(from(one, 0), places_[one.output], model_.tensors[one.output].values);
      case Kind::concatenate:
        return add_concatenation(one);
    }
  }

  void require_same_size(std::size_t tensor, std::size_t other) const {
    if (model_.tensors[tensor].values != model_.tensors[other].values) {
      throw Failed{"'" + model_.tensors[other].name + "' has an unexpected size"};
    }
  }

  static float least(const Operator& one) {
    return one.clips_below_zero ? 0 : -std::numeric_limits<float>::infinity();
  }
  static constexpr float most = std::numeric_limits<float>::infinity();

  void add_convolution(const Operator& one) {
    if (one.inputs.size() != 3) {
      throw Failed{"a convolution needs an input, a filter and a bias"};
    }
    const auto& input = shape(one.inputs[0], 4);
    const auto& filter = shape(one.inputs[1], 4);
    const auto& output = shape(one.output, 4);
    const bool depthwise = one.kind == Kind::depthwise;
    const std::size_t groups = depthwise ? input[3] : 1;
    const std::size_t filters = depthwise ? filter[3] : filter[0];
    if (output[3] != filters || shape(one.inputs[2], 1)[0] != filters || filters % groups != 0 ||
        (depthwise ? filter[0] != 1 : filter[3] != input[3])) {
      throw Failed{"the shapes of a convolution do not match"};
    }
    xnn_operator_t made = nullptr;
    memory_.engine.use(memory_.weights);
    require(xnn_create_convolution2d_nhwc_f32(
                0, 0, 0, 0, static_cast<std::uint32_t>(filter[1]), static_cast<std::uint32_t>(filter[2]),
                one.strides[0], one.strides[1], 1, 1, static_cast<std::uint32_t>(groups),
                depthwise ? 1 : input[3], filters / groups, input[3], filters, weights(one.inputs[1]),
                weights(one.inputs[2]), least(one), most,
                (depthwise ? XNN_FLAG_DEPTHWISE_CONVOLUTION : 0U) |
                    (one.same_padding ? XNN_FLAG_TENSORFLOW_SAME_PADDING : 0U),
                &made),
            "a convolution");
    keep(made);
    memory_.engine.use(memory_.scratch);
    require(xnn_setup_convolution2d_nhwc_f32(made, input[0], input[1], input[2], from(one, 0),
                                             places_[one.output], nullptr),
            "a convolution ready");
  }

  void add_max_pooling(const Operator& one) {
    const auto& input = shape(one.inputs[0], 4);
    xnn_operator_t made = nullptr;
    memory_.engine.use(memory_.weights);
    require(xnn_create_max_pooling2d_nhwc_f32(0, 0, 0, 0, one.window[0], one.window[1], one.strides[0],
                                              one.strides[1], 1, 1, input[3], input[3], input[3], least(one),
                                              most, one.same_padding ? XNN_FLAG_TENSORFLOW_SAME_PADDING : 0U,
                                              &made),
            "a pooling");
    keep(made);
    memory_.engine.use(memory_.scratch);
    require(xnn_setup_max_pooling2d_nhwc_f32(made, input[0], input[1], input[2], from(one, 0),
                                             places_[one.output], nullptr),
            "a pooling ready");
  }

  void add_sum(const Operator& one) {
    if (one.inputs.size() != 2) {
      throw Failed{"a sum needs two inputs"};
    }
    const auto& first = model_.tensors[one.inputs[0]].shape;
    const auto& second = model_.tensors[one.inputs[1]].shape;
    require_same_size(one.inputs[0], one.output);
    xnn_operator_t made = nullptr;
    memory_.engine.use(memory_.weights);
    require(xnn_create_add_nd_f32(least(one), most, 0, &made), "a sum");
    keep(made);
    memory_.engine.use(memory_.scratch);
    require(xnn_setup_add_nd_f32(made, first.size(), first.data(), second.size(), second.data(), from(one, 0),
                                 from(one, 1), places_[one.output], nullptr),
            "a sum ready");
  }

  void add_pad(const Operator& one) {
    const auto& input = shape(one.inputs[0], 4);
    std::array<std::size_t, 4> before{};
    std::array<std::size_t, 4> after{};
    const Tensor& padding = model_.tensors[one.inputs.at(1)];
    if (padding.values != 2 * before.size() ||
        padding.weights.size() != padding.values * sizeof(std::int32_t)) {
      throw Failed{"a padding is not known"};
    }
    for (std::size_t at = 0; at < before.size(); ++at) {
      std::array<std::int32_t, 2> amounts{};
      std::memcpy(amounts.data(), padding.weights.data() + at * sizeof amounts, sizeof amounts);
      before[at] = static_cast<std::size_t>(std::max(amounts[0], 0));
      after[at] = static_cast<std::size_t>(std::max(amounts[1], 0));
      if (before[at] + input[at] + after[at] != shape(one.output, 4)[at]) {
        throw Failed{"a padding does not match"};
      }
    }
    constexpr float zero = 0;
    xnn_operator_t made = nullptr;
    memory_.engine.use(memory_.weights);
    require(xnn_create_constant_pad_nd_x32(&zero, 0, &made), "a padding");
    keep(made);
    memory_.engine.use(memory_.scratch);
    require(xnn_setup_constant_pad_nd_x32(made, input.size(), input.data(), before.data(), after.data(),
                                          from(one, 0), places_[one.output], nullptr),
            "a padding ready");
  }

  void add_clamp(const Operator& one) {
    require_same_size(one.inputs[0], one.output);
    const std::size_t channels = model_.tensors[one.output].shape.back();
    xnn_operator_t made = nullptr;
    memory_.engine.use(memory_.weights);
    require(xnn_create_clamp_nc_f32(channels, channels, channels, 0, most, 0, &made), "a ReLU");
    keep(made);
    memory_.engine.use(memory_.scratch);
    require(xnn_setup_clamp_nc_f32(made, model_.tensors[one.output].values / channels, from(one, 0),
                                   places_[one.output], nullptr),
            "a ReLU ready");
  }

  // Along the second dimension of one batch: one after the other.
  void add_concatenation(const Operator& one) {
    std::size_t values = 0;
    for (std::size_t input = 0; input < one.inputs.size(); ++input) {
      const Tensor& tensor = model_.tensors[one.inputs[input]];
      if (shape(one.inputs[input], 3)[0] != 1 || tensor.shape[2] != shape(one.output, 3)[2] ||
          values + tensor.values > model_.tensors[one.output].values) {
        throw Failed{"tensors that are joined do not match"};
      }
      copy(from(one, input), places_[one.output] + values, tensor.values);
      values += tensor.values;
    }
  }

  const Model& model_;
  Memory memory_;
  std::vector<float*> places_;
  Detector detector_;
};

std::expected<Detector, std::string> Detector::load(const Model& model, Memory memory) {
  try {
    return Builder{model, memory}.build();
  } catch (const Failed& failed) {
    return std::unexpected(failed.what);
  }
}

bool Detector::run() {
  for (const Step& step : steps_) {
    if (step.computed == nullptr) {
      std::memcpy(step.to, step.from, step.values * sizeof(float));
    } else if (xnn_run_operator(step.computed.get(), nullptr) != xnn_status_success) {
      return false;
    }
  }
  return true;
}

}  // namespace face_detection

// The lifetimes of a TensorFlow Lite model's tensors.
//
// Time is the number of the operator, in the order in which they are run. A tensor is alive from the operator
// that makes it to the last one that reads it; the model's inputs from the begin, its outputs to the end.
// Weights are no such tensors, nor is what is made of weights alone (models with 16-bit weights widen them by
// operators of their own): that can be made once, when the model is loaded. Variables live from one inference
// to the next, and are left out too.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "arpent/plan/lifetimes_csv.hpp"

namespace ar::command::plan {

// Whether the bytes begin as a model does.
[[nodiscard]] bool is_tflite(std::string_view bytes);

// As if read from rows, where `lines` are the tensors' numbers in the model. The bytes, which must be aligned
// to 8, are not needed afterwards. The error says what is wrong and where, as in "operator 3: …", without
// full stop.
[[nodiscard]] std::expected<LifetimeRows, std::string> read_tflite(std::string_view bytes);

}  // namespace ar::command::plan

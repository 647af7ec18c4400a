// A network that XNNPACK runs, with every block of memory where it belongs.
#pragma once

#include <xnnpack.h>
#include <arpent/allocator.hpp>
#include <arpent/arena_allocator.hpp>
#include <cstddef>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine_memory.hpp"
#include "model.hpp"

namespace face_detection {

struct OperatorEnd {
  void operator()(xnn_operator* one) const noexcept { xnn_delete_operator(one); }
};

// Where the network's memory comes from.
struct Memory {
  EngineMemory& engine;   // behind xnn_initialize
  ar::Allocator weights;  // as packed by XNNPACK: as long as the network
  ar::Allocator
      loading;  // weights that are widened before they are packed: an arena that is released afterwards
  ar::Allocator scratch;   // what inferences work in
  bool is_planned = true;  // all tensors in one block, as ar::ml::plan says; otherwise a block each
};

// Not for several threads at once.
class Detector {
 public:
  // Packs the weights, so neither the model nor its file are needed afterwards. The error is one line.
  [[nodiscard]] static std::expected<Detector, std::string> load(const Model& model, Memory memory);

  [[nodiscard]] std::span<float> input() const { return input_; }
  [[nodiscard]] const std::vector<std::span<const float>>& outputs() const { return outputs_; }
  // Bytes of all tensors that are computed: together, and in the block that the plan puts them in (0: none).
  [[nodiscard]] std::size_t sum_of_tensors() const { return sum_; }
  [[nodiscard]] std::size_t planned_block() const { return planned_; }

  // From what is in `input` to `outputs`. False when XNNPACK cannot.
  [[nodiscard]] bool run();

 private:
  // An operator of XNNPACK's, or values that are copied.
  struct Step {
    std::unique_ptr<xnn_operator, OperatorEnd> computed;
    const float* from = nullptr;
    float* to = nullptr;
    std::size_t values = 0;
  };
  friend class Builder;

  std::vector<Step> steps_;
  std::span<float> input_;
  std::vector<std::span<const float>> outputs_;
  std::size_t sum_ = 0;
  std::size_t planned_ = 0;
};

}  // namespace face_detection

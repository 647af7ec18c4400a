// ar::ml::plan: one block for many tensors. For C++23; link arpent::ml.
//
//   const std::array lifetimes{ar::ml::Lifetime{0, 2, 4096}, ar::ml::Lifetime{1, 3, 1024},
//   ar::ml::Lifetime{2, 3, 4096}}; const auto plan = ar::ml::plan(lifetimes, {.alignment = 64}); auto block =
//   arena.allocator().aligned_alloc<std::byte>(ar::Alignment{64}, plan->total); std::byte* second =
//   block->data() + plan->offsets[1];
//
// The activations of a neural network live from the operator that makes them to the last one that reads them,
// and all of that is known before the network runs. Two tensors that are never alive together may share
// bytes; the plan says which.
//
// How it works: greedy by size with best fit (the largest tensor first, each into the smallest gap that holds
// it, as in Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference", 2020), then a
// search that either finds the least total, and proves it, or stops at the time limit with the best plan
// found. The search takes its ideas from Moffitt, "MiniMalloc: A Lightweight Memory Allocator for
// Hardware-Accelerated Machine Learning" (ASPLOS 2023): src/ml/plan_search.hpp says which.
#pragma once

#if !defined(__cplusplus) || __cplusplus <= 202002L
#error "<arpent/ml/plan.hpp> needs C++23 (-std=c++23)"
#endif

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <vector>

namespace ar::ml {

// When a tensor is needed, and how large it is.
struct Lifetime {
  std::int64_t lower;  // the first step at which it is alive
  std::int64_t upper;  // the first step at which it no longer is; must be larger than lower
  std::size_t size;    // bytes; 0 is allowed and takes no place
};

struct PlanOptions {
  // Bytes, a power of two: every offset is a multiple of it, and every size is rounded up to one.
  std::size_t alignment = 1;
  // Bytes. Any plan that fits is good enough: the search stops at the first one. Without it, the least total
  // is looked for.
  std::optional<std::size_t> capacity = std::nullopt;
  // For the search; the greedy plan is always made.
  std::chrono::milliseconds time_limit{1000};
};

struct Plan {
  std::vector<std::size_t> offsets;  // bytes from the block's begin, in the order of the lifetimes
  std::size_t total = 0;             // bytes of the block
  std::size_t lower_bound = 0;  // bytes: the largest sum of (rounded) sizes alive at once; no plan is smaller
  bool proved = false;          // no plan has a smaller total
  bool refuted = false;         // no plan fits the capacity that was asked for: proved as well

  // How far the total is above the bound: 1 is perfect.
  [[nodiscard]] double ratio() const noexcept {
    return lower_bound == 0 ? 1.0 : static_cast<double>(total) / static_cast<double>(lower_bound);
  }
};

enum class PlanFault : unsigned char {
  empty_lifetime,  // upper is not larger than lower
  too_large,       // the sizes together pass PTRDIFF_MAX
  bad_alignment,   // no power of two
};

struct PlanError {
  PlanFault fault;
  std::size_t index;  // of the lifetime at fault; 0 for bad_alignment
};

// The fault in words, without a full stop. Never released.
[[nodiscard]] const char* message(PlanFault fault) noexcept;

// Offsets for all lifetimes, so that no two that are alive at once overlap. May be called by several threads
// at once; each call works on one. Throws std::bad_alloc when its own tables find no memory.
[[nodiscard]] std::expected<Plan, PlanError> plan(std::span<const Lifetime> lifetimes,
                                                  const PlanOptions& options = {});

// The largest sum of sizes alive at once, in bytes, nothing rounded. Lifetimes with upper <= lower count
// nothing; sums past SIZE_MAX stay there.
[[nodiscard]] std::size_t largest_alive(std::span<const Lifetime> lifetimes);

}  // namespace ar::ml

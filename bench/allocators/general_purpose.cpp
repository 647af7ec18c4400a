// The general purpose allocator with safety and six stack frames, and without, beside Zig's of the same kinds
// and the C library's malloc. A batch makes 1,024 blocks and releases them in the order of their making.
#include <benchmark/benchmark.h>
#include <arpent/c_allocator.hpp>
#include <arpent/general_purpose_allocator.hpp>

#include <array>
#include <cstddef>

#include "../micro/fixed_iterations.hpp"
#include "keep.hpp"
#include "zig.hpp"

namespace ar::bench {
namespace {

void run(benchmark::State& state, Allocator given) {
  const auto size = static_cast<std::size_t>(state.range(0));
  Allocator* const allocator = opaque(&given);
  std::array<std::span<std::byte>, batch> blocks;
  for ([[maybe_unused]] auto _ : state) {
    for (std::size_t i = 0; i < batch; ++i) {
      blocks[i] = *allocator->aligned_alloc<std::byte>(Alignment{8}, size_of(size, i), nullptr);
      use(blocks[i].data(), i);
    }
    for (const std::span<std::byte> block : blocks) {
      allocator->free(block, Alignment{8}, nullptr);
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batch));
}

void safe(benchmark::State& state) {
  GeneralPurposeAllocator<{.safety = true, .stack_frames = 6}> general_purpose;
  run(state, general_purpose.allocator());
}
void unsafe(benchmark::State& state) {
  GeneralPurposeAllocator<{.safety = false}> general_purpose;
  run(state, general_purpose.allocator());
}
void process_heap(benchmark::State& state) { run(state, c_allocator); }

template <void (*zig_batch)(std::size_t)>
void zig(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state) {
    zig_batch(static_cast<std::size_t>(state.range(0)));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batch));
}

BENCHMARK(safe)->Name("general purpose/ours, safe")->Arg(64)->Arg(0)->Apply(fixed_iterations);
BENCHMARK(zig<zig_general_purpose_batch>)
    ->Name("general purpose/Zig, safe")
    ->Arg(64)
    ->Arg(0)
    ->Apply(fixed_iterations);
BENCHMARK(unsafe)->Name("general purpose/ours, without safety")->Arg(64)->Arg(0)->Apply(fixed_iterations);
BENCHMARK(zig<zig_general_purpose_unsafe_batch>)
    ->Name("general purpose/Zig, without safety")
    ->Arg(64)
    ->Arg(0)
    ->Apply(fixed_iterations);
BENCHMARK(process_heap)->Name("general purpose/glibc")->Arg(64)->Arg(0)->Apply(fixed_iterations);

}  // namespace
}  // namespace ar::bench

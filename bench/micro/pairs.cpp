// A block is allocated, touched and freed at once: the fastest path of every allocator, by size.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "blocks.hpp"
#include "registry.hpp"

namespace ar::bench {
namespace {

struct PairSize {
  std::size_t bytes;
  std::int64_t iterations;  // about a quarter of a second with a good allocator
};

constexpr std::array<PairSize, 10> pair_sizes{{
    {8, 20'000'000},
    {16, 20'000'000},
    {32, 20'000'000},
    {64, 20'000'000},
    {128, 20'000'000},
    {256, 20'000'000},
    {1024, 20'000'000},
    {4096, 10'000'000},
    {std::size_t{16} * 1024, 5'000'000},
    {std::size_t{64} * 1024, 2'000'000},
}};

void pair(benchmark::State& state, std::size_t bytes) {
  for (auto _ : state) {
    release(allocate(bytes));
  }
}

}  // namespace

void register_pairs(const Registry& registry) {
  for (const PairSize& size : pair_sizes) {
    registry.add_loop("pairs/" + std::to_string(size.bytes), size.iterations, 1,
                      [bytes = size.bytes](benchmark::State& state) { pair(state, bytes); });
  }
}

}  // namespace ar::bench

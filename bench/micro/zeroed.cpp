// calloc: an allocator that knows which of its memory is still zero saves the clearing.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "blocks.hpp"
#include "registry.hpp"

namespace ar::bench {
namespace {

struct ZeroedSize {
  std::size_t bytes;
  std::int64_t iterations;
};

constexpr std::array<ZeroedSize, 4> zeroed_sizes{{
    {64, 15'000'000},
    {1024, 5'000'000},
    {std::size_t{16} * 1024, 500'000},
    {std::size_t{1024} * 1024, 3'000},
}};

// The first and the last word are dirtied, so that the block comes back unclean.
void zeroed_pair(benchmark::State& state, std::size_t bytes) {
  std::uint64_t found = 0;
  for (auto _ : state) {
    auto* block = static_cast<std::uint64_t*>(std::calloc(bytes / 8, 8));
    if (block == nullptr) [[unlikely]] {
      give_up("calloc", bytes);
    }
    found |= block[0] | block[bytes / 8 - 1];
    block[0] = bytes;
    block[bytes / 8 - 1] = bytes;
    release(block);
  }
  if (found != 0) {
    state.SkipWithError("calloc returned memory that was not zero");
  }
}

}  // namespace

void register_zeroed(const Registry& registry) {
  for (const ZeroedSize& size : zeroed_sizes) {
    registry.add_loop("calloc/" + std::to_string(size.bytes), size.iterations, 1,
                      [bytes = size.bytes](benchmark::State& state) { zeroed_pair(state, bytes); });
  }
}

}  // namespace ar::bench

// Large blocks, of 256 KiB to 64 MiB: sparsely touched ones cost what the allocator's dealings with the
// system cost, fully touched ones show what it keeps for the next.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "blocks.hpp"
#include "random.hpp"
#include "registry.hpp"

namespace ar::bench {
namespace {

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;
constexpr std::size_t sparse = 64 * kib;  // one word in every 16 pages
constexpr std::size_t full = page_size;

struct LargeSize {
  std::size_t bytes;
  const char* name;
  std::int64_t iterations;
};

constexpr std::array<LargeSize, 5> large_sizes{{
    {256 * kib, "256-kib", 50'000},
    {mib, "1-mib", 15'000},
    {4 * mib, "4-mib", 5'000},
    {16 * mib, "16-mib", 1'000},
    {64 * mib, "64-mib", 300},
}};

void large_pair(benchmark::State& state, std::size_t bytes) {
  for (auto _ : state) {
    std::uint64_t* block = allocate(bytes);
    touch(block, bytes, sparse);
    release(block);
  }
}

constexpr std::size_t mixed_live = 8;

// A random one of the live blocks is replaced by one of another size.
void large_mixed(benchmark::State& state, std::size_t stride) {
  Random random(4);
  MappedArray<std::uint64_t*> live(mixed_live);
  for (auto _ : state) {
    std::uint64_t*& slot = live[random.below(mixed_live)];
    release(slot);
    const std::size_t bytes = random_size(random, 18, 25);
    slot = allocate(bytes);
    touch(slot, bytes, stride);
  }
  for (std::uint64_t* block : live.items()) {
    release(block);
  }
}

}  // namespace

void register_large(const Registry& registry) {
  for (const LargeSize& size : large_sizes) {
    registry.add_loop(std::string("large/") + size.name + "-sparse", size.iterations, 1,
                      [bytes = size.bytes](benchmark::State& state) { large_pair(state, bytes); });
  }
  registry.add_loop("large/mixed-sparse", 2'000, 1,
                    [](benchmark::State& state) { large_mixed(state, sparse); });
  registry.add_loop("large/mixed-full", 100, 1, [](benchmark::State& state) { large_mixed(state, full); });
}

}  // namespace ar::bench

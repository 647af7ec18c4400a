// A server's threads, after Larson and Krishnan: each has an array of live blocks, replaces random ones
// by blocks of random size, and after a while hands the array to a thread that takes its place. So most
// blocks are freed by a thread that did not allocate them, and whose allocator has ended.
#include <array>
#include <cstddef>
#include <cstdint>
#include <latch>
#include <memory>
#include <thread>

#include "blocks.hpp"
#include "random.hpp"
#include "registry.hpp"
#include "stopwatch.hpp"

namespace ar::bench {
namespace {

constexpr std::size_t chain_count = 2;
constexpr std::size_t live_blocks = 2000;
constexpr std::int64_t generations = 50;
constexpr std::uint32_t smallest = 10;
constexpr std::uint32_t largest = 500;

struct Chain {
  MappedArray<std::uint64_t*> slots{live_blocks};
  Random random{0};
  std::int64_t operations_a_generation = 0;
  std::int64_t generations_left = 0;
  std::uint64_t freed_bytes = 0;
  std::latch* ended = nullptr;
};

std::uint64_t* next_block(Chain& chain) {
  return allocate(smallest + chain.random.below(largest - smallest + 1));
}

void live_one_generation(Chain& chain) {
  for (std::int64_t done = 0; done < chain.operations_a_generation; ++done) {
    std::uint64_t*& slot = chain.slots[chain.random.below(live_blocks)];
    chain.freed_bytes += *slot;
    release(slot);
    slot = next_block(chain);
  }
  if (--chain.generations_left > 0) {
    std::thread(live_one_generation, std::ref(chain)).detach();
  } else {
    chain.ended->count_down();
  }
}

Outcome hand_over(std::int64_t operations) {
  const auto chains = std::make_unique<std::array<Chain, chain_count>>();
  std::latch ended(chain_count);
  std::uint64_t seed = 6;
  for (Chain& chain : *chains) {
    chain.random = Random(seed++);
    chain.operations_a_generation = operations / static_cast<std::int64_t>(chain_count) / generations;
    chain.generations_left = generations;
    chain.ended = &ended;
    for (std::uint64_t*& slot : chain.slots.items()) {
      slot = next_block(chain);
    }
  }
  const Stopwatch stopwatch;
  for (Chain& chain : *chains) {
    std::thread(live_one_generation, std::ref(chain)).detach();
  }
  ended.wait();
  Outcome outcome{.seconds = stopwatch.seconds()};
  for (Chain& chain : *chains) {
    outcome.checksum += chain.freed_bytes;
    for (std::uint64_t* block : chain.slots.items()) {
      release(block);
    }
  }
  return outcome;
}

}  // namespace

void register_handover(const Registry& registry) {
  registry.add_run("threads/handover-larson", 8'000'000, hand_over);
}

}  // namespace ar::bench

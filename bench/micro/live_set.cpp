// A random one of N live blocks is freed and another is allocated in its place: how the cost of a free
// grows with the number of live blocks.
//
// Most of that growth is the machine's: a random victim among a million lies in no cache. So the same
// walk is timed once more without the allocator, and each operation waits for its victim's first word,
// in both, so that the misses of neighbouring operations cannot hide each other.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "blocks.hpp"
#include "random.hpp"
#include "registry.hpp"
#include "stopwatch.hpp"

namespace ar::bench {
namespace {

constexpr std::array<std::uint32_t, 7> live_counts{1'000, 3'000, 10'000, 30'000, 100'000, 300'000, 1'000'000};

constexpr std::int64_t turns = 20;

// 16 to 255 bytes.
std::size_t node_size(Random& random) { return random_size(random, 4, 7); }

// The size in a live block's first word is never this large: shifted, it is 0, which the compiler cannot
// know.
std::uint64_t nothing_from(const std::uint64_t* block) { return *block >> 32U; }

std::uint64_t replace_random(MappedArray<std::uint64_t*>& blocks, Random& random, std::int64_t operations) {
  std::uint64_t bytes = 0;
  const auto live = static_cast<std::uint32_t>(blocks.size());
  for (std::int64_t done = 0; done < operations; ++done) {
    std::uint64_t*& slot = blocks[random.below(live)];
    bytes += *slot;
    random.depend_on(nothing_from(slot));
    release(slot);
    slot = allocate(node_size(random));
  }
  return bytes;
}

// The same accesses; a block only changes what it says of its size.
std::uint64_t touch_random(MappedArray<std::uint64_t*>& blocks, Random& random, std::int64_t operations) {
  std::uint64_t bytes = 0;
  const auto live = static_cast<std::uint32_t>(blocks.size());
  for (std::int64_t done = 0; done < operations; ++done) {
    std::uint64_t* block = blocks[random.below(live)];
    bytes += *block;
    random.depend_on(nothing_from(block));
    *block = node_size(random);
    benchmark::DoNotOptimize(block);
  }
  return bytes;
}

Outcome replace_among(std::uint32_t live, std::int64_t operations) {
  MappedArray<std::uint64_t*> blocks(live);
  Random random(8);
  for (std::uint64_t*& block : blocks.items()) {
    block = allocate(node_size(random));
  }
  // The order of addresses is made random before the clock runs, as it is in a program of some age.
  shuffle(blocks.items(), random);

  // In turns, so that a disturbance of the machine hits both walks alike.
  Outcome outcome;
  for (std::int64_t turn = 0; turn < turns; ++turn) {
    const Stopwatch replacing;
    outcome.checksum += replace_random(blocks, random, operations / turns);
    outcome.seconds += replacing.seconds();
    const Stopwatch touching;
    outcome.checksum += touch_random(blocks, random, operations / turns);
    outcome.touch_seconds += touching.seconds();
  }
  for (std::uint64_t* block : blocks.items()) {
    release(block);
  }
  return outcome;
}

}  // namespace

void register_live_set(const Registry& registry) {
  for (const std::uint32_t live : live_counts) {
    registry.add_run("live/" + std::to_string(live), 1'000'000,
                     [live](std::int64_t operations) { return replace_among(live, operations); });
  }
}

}  // namespace ar::bench

// Threads whose blocks live for different times, in the manner of mimalloc's mstress: most die young,
// some are kept for long, some are swapped with other threads through shared slots. Every epoch ends all
// threads and starts new ones, and what the dead ones left behind is freed by others.
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "blocks.hpp"
#include "random.hpp"
#include "registry.hpp"
#include "stopwatch.hpp"

namespace ar::bench {
namespace {

constexpr std::size_t thread_count = 4;
constexpr std::int64_t epochs = 10;
constexpr std::size_t young_blocks = 256;
constexpr std::size_t old_blocks = 8192;
constexpr std::size_t shared_slots = 1024;

struct Shared {
  std::array<std::atomic<std::uint64_t*>, shared_slots> slots{};
  std::atomic<std::uint64_t> allocated_bytes{0};
  std::atomic<std::uint64_t> freed_bytes{0};
};

// One thread's sums, added to the shared ones at its end.
struct Tally {
  std::uint64_t allocated = 0;
  std::uint64_t freed = 0;

  void drop(std::uint64_t* block) {
    if (block != nullptr) {
      freed += *block;
      release(block);
    }
  }
};

// Mostly small, now and then up to 4 KiB, seldom up to 64 KiB.
std::size_t size_of_next(Random& random) {
  const std::uint32_t lot = random.below(1000);
  if (lot < 950) {
    return small_size(random);
  }
  return lot < 998 ? random_size(random, 10, 11) : random_size(random, 12, 15);
}

void live(Shared& shared, std::uint64_t seed, std::int64_t operations) {
  Random random(seed);
  Tally tally;
  MappedArray<std::uint64_t*> young(young_blocks);
  MappedArray<std::uint64_t*> old(old_blocks);
  for (std::int64_t done = 0; done < operations; ++done) {
    const std::size_t size = size_of_next(random);
    std::uint64_t* block = allocate(size);
    tally.allocated += size;
    const std::uint32_t fate = random.below(100);
    if (fate < 80) {
      std::uint64_t*& slot = young[random.below(young_blocks)];
      tally.drop(slot);
      slot = block;
    } else if (fate < 92) {
      std::uint64_t*& slot = old[random.below(old_blocks)];
      tally.drop(slot);
      slot = block;
    } else {
      tally.drop(shared.slots[random.below(shared_slots)].exchange(block, std::memory_order_acq_rel));
    }
  }
  for (std::uint64_t* block : young.items()) {
    tally.drop(block);
  }
  // What was to live long is handed on where there is room: it outlives its thread.
  for (std::uint64_t* block : old.items()) {
    if (block != nullptr) {
      tally.drop(shared.slots[random.below(shared_slots)].exchange(block, std::memory_order_acq_rel));
    }
  }
  shared.allocated_bytes.fetch_add(tally.allocated, std::memory_order_relaxed);
  shared.freed_bytes.fetch_add(tally.freed, std::memory_order_relaxed);
}

Outcome live_in_epochs(std::int64_t operations) {
  const auto shared = std::make_unique<Shared>();
  const std::int64_t operations_a_thread = operations / epochs / static_cast<std::int64_t>(thread_count);
  const Stopwatch stopwatch;
  std::uint64_t seed = 7;
  Tally tally;
  for (std::int64_t epoch = 0; epoch < epochs; ++epoch) {
    std::vector<std::thread> threads;
    threads.reserve(thread_count);
    for (std::size_t index = 0; index < thread_count; ++index) {
      threads.emplace_back(live, std::ref(*shared), seed++, operations_a_thread);
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
    for (std::size_t index = 0; index < shared_slots; index += 2) {
      tally.drop(shared->slots[index].exchange(nullptr));
    }
  }
  for (std::atomic<std::uint64_t*>& slot : shared->slots) {
    tally.drop(slot.exchange(nullptr));
  }
  const double seconds = stopwatch.seconds();
  if (shared->allocated_bytes != shared->freed_bytes + tally.freed) {
    give_up("matching what was freed against an allocation", shared->allocated_bytes);
  }
  return {.seconds = seconds, .checksum = shared->allocated_bytes};
}

}  // namespace

void register_generations(const Registry& registry) {
  registry.add_run("threads/generations-mstress", 6'000'000, live_in_epochs);
}

}  // namespace ar::bench

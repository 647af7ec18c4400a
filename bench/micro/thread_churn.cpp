// Threads that live briefly: each allocates a little, frees half of it and leaves the rest to the thread
// that waits for it. What a thread costs an allocator to begin and to end, and whether it takes back
// what the dead leave.
#include <array>
#include <cstddef>
#include <cstdint>
#include <thread>

#include "blocks.hpp"
#include "random.hpp"
#include "registry.hpp"
#include "stopwatch.hpp"

namespace ar::bench {
namespace {

constexpr std::size_t blocks_a_thread = 64;
constexpr std::size_t threads_at_once = 2;

using Blocks = std::array<std::uint64_t*, blocks_a_thread>;

void live_briefly(Blocks& blocks, std::uint64_t seed) {
  Random random(seed);
  for (std::uint64_t*& block : blocks) {
    block = allocate(small_size(random));
  }
  for (std::size_t index = 0; index < blocks_a_thread; index += 2) {
    release(blocks[index]);
  }
}

Outcome churn(std::int64_t operations) {
  std::array<Blocks, threads_at_once> left{};
  Outcome outcome;
  const Stopwatch stopwatch;
  for (std::int64_t started = 0; started < operations;
       started += static_cast<std::int64_t>(threads_at_once)) {
    std::array<std::thread, threads_at_once> threads;
    for (std::size_t index = 0; index < threads_at_once; ++index) {
      const std::uint64_t seed = static_cast<std::uint64_t>(started) + index;
      threads[index] = std::thread(live_briefly, std::ref(left[index]), seed);
    }
    for (std::size_t index = 0; index < threads_at_once; ++index) {
      threads[index].join();
      for (std::size_t kept = 1; kept < blocks_a_thread; kept += 2) {
        outcome.checksum += *left[index][kept];
        release(left[index][kept]);
      }
    }
  }
  outcome.seconds = stopwatch.seconds();
  return outcome;
}

}  // namespace

void register_thread_churn(const Registry& registry) {
  registry.add_run("threads/start-and-exit", 10'000, churn);
}

}  // namespace ar::bench

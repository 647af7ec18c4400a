// One thread allocates, another frees: every block is freed by a thread that is not its owner.
#include <cstdint>
#include <memory>
#include <thread>

#include "blocks.hpp"
#include "channel.hpp"
#include "random.hpp"
#include "registry.hpp"
#include "stopwatch.hpp"

namespace ar::bench {
namespace {

void produce(Channel& channel, std::int64_t count, std::uint64_t seed) {
  Random random(seed);
  for (std::int64_t done = 0; done < count; ++done) {
    channel.push(allocate(small_size(random)));
  }
}

std::uint64_t consume(Channel& channel, std::int64_t count) {
  std::uint64_t bytes = 0;
  for (std::int64_t done = 0; done < count; ++done) {
    std::uint64_t* block = channel.pop();
    bytes += *block;
    release(block);
  }
  return bytes;
}

Outcome one_to_one(std::int64_t operations) {
  const auto channel = std::make_unique<Channel>();
  const Stopwatch stopwatch;
  std::thread producer([&] { produce(*channel, operations, 5); });
  const std::uint64_t bytes = consume(*channel, operations);
  producer.join();
  return {.seconds = stopwatch.seconds(), .checksum = bytes};
}

}  // namespace

void register_producer_consumer(const Registry& registry) {
  registry.add_run("threads/producer-consumer", 4'000'000, one_to_one);
}

}  // namespace ar::bench

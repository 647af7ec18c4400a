// Many blocks of mixed small sizes are allocated, then all are freed: last first, first first, or in
// random order.
#include <cstddef>
#include <cstdint>
#include <string>

#include "blocks.hpp"
#include "random.hpp"
#include "registry.hpp"

namespace ar::bench {
namespace {

enum class Order : std::uint8_t { last_first, first_first, random };

void arrange(MappedArray<std::uint32_t>& order, Order how, Random& random) {
  const auto count = static_cast<std::uint32_t>(order.size());
  for (std::uint32_t index = 0; index < count; ++index) {
    order[index] = how == Order::last_first ? count - 1 - index : index;
  }
  if (how == Order::random) {
    shuffle(order.items(), random);
  }
}

void batch(benchmark::State& state, std::size_t count, Order how) {
  Random random(2);
  MappedArray<std::uint64_t*> blocks(count);
  MappedArray<std::uint32_t> sizes(count);
  MappedArray<std::uint32_t> order(count);
  for (std::uint32_t& size : sizes.items()) {
    size = static_cast<std::uint32_t>(small_size(random));
  }
  arrange(order, how, random);
  for (auto _ : state) {
    for (std::size_t index = 0; index < count; ++index) {
      blocks[index] = allocate(sizes[index]);
    }
    for (const std::uint32_t victim : order.items()) {
      release(blocks[victim]);
    }
  }
}

void register_order(const Registry& registry, const char* name, Order how) {
  struct Count {
    std::int64_t blocks;
    std::int64_t iterations;
  };
  for (const Count& count : {Count{1'000, 8'000}, Count{100'000, 30}}) {
    registry.add_loop("batches/" + std::to_string(count.blocks) + "-" + name, count.iterations, count.blocks,
                      [blocks = count.blocks, how](benchmark::State& state) {
                        batch(state, static_cast<std::size_t>(blocks), how);
                      });
  }
}

}  // namespace

void register_batches(const Registry& registry) {
  register_order(registry, "lifo", Order::last_first);
  register_order(registry, "fifo", Order::first_first);
  register_order(registry, "random", Order::random);
}

}  // namespace ar::bench

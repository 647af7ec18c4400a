// Objects of one type: ar::MemoryPool beside std::pmr's pool and Boost's. A batch makes 1,024 objects and
// ends them in the order of their making.
#include <benchmark/benchmark.h>
#include <arpent/c_allocator.hpp>
#include <arpent/memory_pool.hpp>

#include <array>
#include <boost/pool/pool.hpp>
#include <cstddef>
#include <memory_resource>

#include "../micro/fixed_iterations.hpp"
#include "keep.hpp"

namespace ar::bench {
namespace {

struct Node {
  std::size_t words[6];
};

template <class Make, class End>
void run(benchmark::State& state, Make make, End end) {
  std::array<void*, batch> made;
  for ([[maybe_unused]] auto _ : state) {
    for (std::size_t i = 0; i < batch; ++i) {
      made[i] = make();
      use(made[i], i);
    }
    for (void* object : made) {
      end(object);
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batch));
}

void ours(benchmark::State& state) {
  MemoryPool<Node> pool{c_allocator};
  MemoryPool<Node>* const here = opaque(&pool);
  run(
      state, [=]() -> void* { return *here->create(); },
      [=](void* object) { here->destroy(static_cast<Node*>(object)); });
}
void pmr(benchmark::State& state) {
  std::pmr::unsynchronized_pool_resource pool;
  auto* const here = opaque(&pool);
  run(
      state, [=]() -> void* { return new (here->allocate(sizeof(Node), alignof(Node))) Node{}; },
      [=](void* object) { here->deallocate(object, sizeof(Node), alignof(Node)); });
}
void boost_pool(benchmark::State& state) {
  boost::pool<> pool{sizeof(Node)};
  auto* const here = opaque(&pool);
  run(
      state, [=]() -> void* { return new (here->malloc()) Node{}; },
      [=](void* object) { here->free(object); });
}

BENCHMARK(ours)->Name("pool/ours")->Arg(48)->Apply(fixed_iterations);
BENCHMARK(pmr)->Name("pool/pmr")->Arg(48)->Apply(fixed_iterations);
BENCHMARK(boost_pool)->Name("pool/Boost")->Arg(48)->Apply(fixed_iterations);

}  // namespace
}  // namespace ar::bench

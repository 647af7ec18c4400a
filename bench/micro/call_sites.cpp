// Allocations from many places of the program, as real ones are: a tracker that caches its last call
// site looks good in a loop that has only one.
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "blocks.hpp"
#include "random.hpp"
#include "registry.hpp"

namespace ar::bench {
namespace {

constexpr std::size_t site_count = 256;
constexpr std::size_t sequence_length = 4096;  // how long until the order of sites repeats
constexpr std::size_t live_blocks = 512;

// The operand makes each instance's code differ, so that they are not folded into one.
template <std::size_t Site>
[[gnu::noinline]] std::uint64_t* allocate_at(std::size_t size) {
  asm volatile("" : : "i"(Site));
  return allocate(size);
}

using Allocate = std::uint64_t* (*)(std::size_t);

template <std::size_t... Sites>
constexpr std::array<Allocate, sizeof...(Sites)> table_of_sites(std::index_sequence<Sites...> /*sites*/) {
  return {allocate_at<Sites>...};
}

constexpr std::array<Allocate, site_count> sites = table_of_sites(std::make_index_sequence<site_count>());

struct Step {
  std::uint16_t site;
  std::uint16_t size;
};

void from_many_sites(benchmark::State& state) {
  MappedArray<Step> steps(sequence_length);
  Random random(1);
  for (Step& step : steps.items()) {
    step = {static_cast<std::uint16_t>(random.below(site_count)),
            static_cast<std::uint16_t>(small_size(random))};
  }
  MappedArray<std::uint64_t*> live(live_blocks);
  std::size_t at = 0;
  for (auto _ : state) {
    const Step step = steps[at % sequence_length];
    std::uint64_t*& slot = live[at % live_blocks];
    release(slot);
    slot = sites[step.site](step.size);
    ++at;
  }
  for (std::uint64_t* block : live.items()) {
    release(block);
  }
}

}  // namespace

void register_call_sites(const Registry& registry) {
  registry.add_loop("call-sites/256", 5'000'000, 1, from_many_sites);
}

}  // namespace ar::bench

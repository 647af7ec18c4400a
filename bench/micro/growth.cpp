// Buffers that grow by realloc: in small steps, by doubling to a size that no cache holds, and many
// side by side, as a program's vectors and strings do.
#include <cstddef>
#include <cstdint>

#include "blocks.hpp"
#include "random.hpp"
#include "registry.hpp"

namespace ar::bench {
namespace {

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;

std::uint64_t* grow(std::uint64_t* block, std::size_t size) {
  auto* grown = static_cast<std::uint64_t*>(std::realloc(block, size));
  if (grown == nullptr) [[unlikely]] {
    give_up("realloc", size);
  }
  grown[size / sizeof(std::uint64_t) - 1] = size;
  benchmark::DoNotOptimize(grown);
  return grown;
}

constexpr std::size_t small_step = 64;

void small_steps(benchmark::State& state) {
  for (auto _ : state) {
    std::uint64_t* block = allocate(small_step);
    for (std::size_t size = 2 * small_step; size <= mib; size += small_step) {
      block = grow(block, size);
    }
    release(block);
  }
}

constexpr std::size_t doubling_start = 4 * kib;
constexpr std::size_t doubling_end = 256 * mib;
constexpr std::int64_t doublings = 16;
static_assert(doubling_start << doublings == doubling_end);

void doubling(benchmark::State& state) {
  for (auto _ : state) {
    std::uint64_t* block = allocate(doubling_start);
    for (std::size_t size = 2 * doubling_start; size <= doubling_end; size *= 2) {
      block = grow(block, size);
      touch(block + size / 2 / sizeof(std::uint64_t), size / 2, page_size);
    }
    release(block);
  }
}

constexpr std::size_t vector_count = 1000;
constexpr std::size_t vector_start = 16;
constexpr std::size_t vector_end = 16 * kib;
constexpr std::int64_t vector_steps = 10;
static_assert(vector_start << vector_steps == vector_end);

// Every vector doubles once a pass, in an order that differs from pass to pass.
void vectors(benchmark::State& state) {
  Random random(3);
  MappedArray<std::uint64_t*> blocks(vector_count);
  MappedArray<std::uint32_t> order(vector_count * static_cast<std::size_t>(vector_steps));
  for (std::size_t pass = 0; pass < static_cast<std::size_t>(vector_steps); ++pass) {
    const std::span<std::uint32_t> part = order.items().subspan(pass * vector_count, vector_count);
    for (std::size_t index = 0; index < vector_count; ++index) {
      part[index] = static_cast<std::uint32_t>(index);
    }
    shuffle(part, random);
  }
  for (auto _ : state) {
    for (std::uint64_t*& block : blocks.items()) {
      block = allocate(vector_start);
    }
    std::size_t at = 0;
    for (std::size_t size = 2 * vector_start; size <= vector_end; size *= 2) {
      for (std::size_t done = 0; done < vector_count; ++done, ++at) {
        blocks[order[at]] = grow(blocks[order[at]], size);
      }
    }
    for (std::uint64_t* block : blocks.items()) {
      release(block);
    }
  }
}

}  // namespace

void register_growth(const Registry& registry) {
  registry.add_loop("realloc/small-steps-to-1-mib", 300, mib / small_step - 1, small_steps);
  registry.add_loop("realloc/doubling-to-256-mib", 2, doublings, doubling);
  registry.add_loop("realloc/1000-vectors-to-16-kib", 30, vector_count * vector_steps, vectors);
}

}  // namespace ar::bench

// Arena and fixed buffer: beside std::pmr's monotonic resource, Zig's, and a bare bump of a pointer in
// memory, which neither aligns nor looks for the end.
#include <benchmark/benchmark.h>
#include <gnu/libc-version.h>
#include <arpent/arena_allocator.hpp>
#include <arpent/c_allocator.hpp>
#include <arpent/fixed_buffer_allocator.hpp>

#include <cstddef>
#include <memory_resource>
#include <vector>

#include "../micro/fixed_iterations.hpp"
#include "keep.hpp"
#include "zig.hpp"

namespace ar::bench {
namespace {

constexpr std::size_t buffer_size = std::size_t{512} << 10U;  // a batch of the largest blocks fits
alignas(64) std::byte buffer[buffer_size];

// `size` is known to the compiler, as that of a type is; 0: mixed, see size_of.
template <std::size_t size, class Region, class Take, class Reset>
void run_size(benchmark::State& state, Region& region, Take take, Reset reset) {
  Region* const here = opaque(&region);
  for ([[maybe_unused]] auto _ : state) {
    for (std::size_t i = 0; i < batch; ++i) {
      use(take(*here, size_of(size, i)), i);
    }
    reset(*here);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batch));
}
template <class Region, class Take, class Reset>
void run(benchmark::State& state, Region& region, Take take, Reset reset) {
  switch (state.range(0)) {
    case 16:
      return run_size<16>(state, region, take, reset);
    case 64:
      return run_size<64>(state, region, take, reset);
    default:
      return run_size<0>(state, region, take, reset);
  }
}

// What a block of a visible allocator's is: eight bytes' alignment, known at compile time as for any type.
constexpr std::size_t alignment = 8;

struct Bump {
  std::byte* position;
};
void bare(benchmark::State& state) {
  Bump bump{buffer};
  run(
      state, bump,
      [](Bump& in, std::size_t size) {
        std::byte* const block = in.position;
        in.position += size;
        return block;
      },
      [](Bump& in) { in.position = buffer; });
}

constexpr auto take_visible = [](auto& region, std::size_t size) {
  return region.raw_alloc(size, alignment, Description{nullptr});
};
// Function objects, because a pointer to a function would be called, and that is not what is measured.
constexpr auto take_through_interface = [](Allocator& allocator, std::size_t size) -> void* {
  return allocator.aligned_alloc<std::byte>(Alignment{alignment}, size, nullptr)->data();
};
constexpr auto take_from_resource = [](std::pmr::memory_resource& resource, std::size_t size) {
  return resource.allocate(size, alignment);
};

void arena_visible(benchmark::State& state) {
  ArenaAllocator arena{c_allocator};
  run(state, arena, take_visible, [](ArenaAllocator& in) { in.reset(); });
}
void arena_interface(benchmark::State& state) {
  ArenaAllocator arena{c_allocator};
  Allocator allocator = arena.allocator();
  run(state, allocator, take_through_interface, [&](Allocator&) { arena.reset(); });
}
void arena_zig(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state) {
    zig_arena_batch(static_cast<std::size_t>(state.range(0)));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batch));
}

// From nothing to nothing: chunks from malloc, and all given back after each batch.
void fresh_arena(benchmark::State& state) {
  ArenaAllocator arena{c_allocator};
  run(state, arena, take_visible, [](ArenaAllocator& in) { in.reset(free_all); });
}
void fresh_pmr(benchmark::State& state) {
  std::pmr::monotonic_buffer_resource resource{std::pmr::new_delete_resource()};
  run(state, resource, take_from_resource, [&](std::pmr::memory_resource&) { resource.release(); });
}
void fresh_zig(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state) {
    zig_arena_from_nothing(static_cast<std::size_t>(state.range(0)));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batch));
}

void fixed_visible(benchmark::State& state) {
  FixedBufferAllocator fixed{buffer};
  run(state, fixed, take_visible, [](FixedBufferAllocator& in) { in.reset(); });
}
void fixed_interface(benchmark::State& state) {
  FixedBufferAllocator fixed{buffer};
  Allocator allocator = fixed.allocator();
  run(state, allocator, take_through_interface, [&](Allocator&) { fixed.reset(); });
}
void fixed_threads(benchmark::State& state) {
  FixedBufferAllocator fixed{buffer};
  Allocator allocator = fixed.thread_safe_allocator();
  run(state, allocator, take_through_interface, [&](Allocator&) { fixed.reset(); });
}
// The type is visible, and final enough for the compiler to call without its table.
void fixed_pmr(benchmark::State& state) {
  std::pmr::monotonic_buffer_resource resource{buffer, buffer_size, std::pmr::null_memory_resource()};
  run(
      state, resource,
      [](std::pmr::monotonic_buffer_resource& in, std::size_t size) { return in.allocate(size, alignment); },
      [](std::pmr::monotonic_buffer_resource& in) { in.release(); });
}
void fixed_pmr_interface(benchmark::State& state) {
  std::pmr::monotonic_buffer_resource resource{buffer, buffer_size, std::pmr::null_memory_resource()};
  std::pmr::memory_resource& interface = resource;
  run(state, interface, take_from_resource, [&](std::pmr::memory_resource&) { resource.release(); });
}
void fixed_zig(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state) {
    zig_fixed_batch(static_cast<std::size_t>(state.range(0)));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batch));
}

void sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->Arg(16)->Arg(64)->Arg(0)->Apply(fixed_iterations);
}

BENCHMARK(bare)->Name("region/bare")->Apply(sizes);
BENCHMARK(arena_visible)->Name("arena/ours")->Apply(sizes);
BENCHMARK(arena_interface)->Name("arena/ours through Allocator")->Apply(sizes);
BENCHMARK(arena_zig)->Name("arena/Zig")->Apply(sizes);
BENCHMARK(fresh_arena)->Name("fresh arena/ours")->Apply(sizes);
BENCHMARK(fresh_pmr)->Name("fresh arena/pmr")->Apply(sizes);
BENCHMARK(fresh_zig)->Name("fresh arena/Zig")->Apply(sizes);
BENCHMARK(fixed_visible)->Name("fixed/ours")->Apply(sizes);
BENCHMARK(fixed_interface)->Name("fixed/ours through Allocator")->Apply(sizes);
BENCHMARK(fixed_threads)->Name("fixed/ours for threads")->Apply(sizes);
BENCHMARK(fixed_pmr)->Name("fixed/pmr")->Apply(sizes);
BENCHMARK(fixed_pmr_interface)->Name("fixed/pmr through memory_resource")->Apply(sizes);
BENCHMARK(fixed_zig)->Name("fixed/Zig")->Apply(sizes);

}  // namespace
}  // namespace ar::bench

int main(int argument_count, char** arguments) {
  benchmark::AddCustomContext("compiler", "g++ or clang " __VERSION__);
  benchmark::AddCustomContext("glibc", gnu_get_libc_version());
  benchmark::Initialize(&argument_count, arguments);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}

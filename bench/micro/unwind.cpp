// What a stack costs to take: our unwinder, libgcc's, backtrace(), and following frame pointers, which most
// programs do not have (this one does).
//
// A binary of its own, because the others know nothing of Arpent but the finished library.
#include <benchmark/benchmark.h>
#include <execinfo.h>
#include <unwind.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "fixed_iterations.hpp"
#include "random.hpp"
#include "unwind/unwind.hpp"

namespace ar::bench {
namespace {

constexpr std::size_t most = 64;
std::uintptr_t frames[most];

using Take = std::size_t (*)(std::size_t wanted);

[[gnu::noinline]] std::size_t take_nothing(std::size_t wanted) { return wanted; }

[[gnu::noinline]] std::size_t take_ours(std::size_t wanted) { return unwind::capture(frames, wanted); }

[[gnu::noinline]] std::size_t take_with_memory(std::size_t wanted) {
  static unwind::StackMemory memory;
  return unwind::capture(frames, wanted, memory);
}

[[gnu::noinline]] std::size_t take_by_backtrace(std::size_t wanted) {
  return static_cast<std::size_t>(backtrace(reinterpret_cast<void**>(frames), static_cast<int>(wanted)));
}

struct Search {
  std::size_t count;
  std::size_t wanted;
};

_Unwind_Reason_Code note(_Unwind_Context* context, void* argument) {
  auto& search = *static_cast<Search*>(argument);
  frames[search.count++] = _Unwind_GetIP(context);
  return search.count < search.wanted ? _URC_NO_REASON : _URC_END_OF_STACK;
}

[[gnu::noinline]] std::size_t take_by_libgcc(std::size_t wanted) {
  Search search = {.count = 0, .wanted = wanted};
  _Unwind_Backtrace(&note, &search);
  return search.count;
}

[[gnu::noinline]] std::size_t take_by_frame_pointers(std::size_t wanted) {
  const auto* record = static_cast<const std::uintptr_t*>(__builtin_frame_address(0));
  std::size_t count = 0;
  while (count < wanted) {
    frames[count++] = record[1];
    const auto* const outer = reinterpret_cast<const std::uintptr_t*>(record[0]);
    if (outer <= record) {
      break;
    }
    record = outer;
  }
  return count;
}

// Functions that call each other, some by several ways, so that stacks differ in every frame.
constexpr std::size_t variants = 8;
constexpr std::size_t deepest = 32;

struct Work {
  Take take;
  std::size_t wanted;
  benchmark::State* state;  // the loop runs at the bottom; null: once
};

using Function = std::size_t (*)(const Work& work, std::size_t depth, std::uint64_t path);
extern const std::array<std::array<Function, variants>, deepest> functions;

std::size_t at_bottom(const Work& work) {
  std::size_t count = 0;
  if (work.state == nullptr) {
    return work.take(work.wanted);
  }
  for (auto _ : *work.state) {
    count = work.take(work.wanted);
    benchmark::DoNotOptimize(frames);
  }
  return count;
}

template <std::size_t Number>
[[gnu::noinline]] std::size_t go_down(const Work& work, std::size_t depth, std::uint64_t path) {
  volatile std::uint64_t locals[Number % 7 + 1];  // frames of several sizes
  locals[0] = path;
  std::size_t count = 0;
  if (depth == 0) {
    count = at_bottom(work);
  } else {
    const Function next = functions[(depth - 1) % deepest][path % variants];
    // Two ways to be called from here.
    if ((path & 1U) != 0) {
      count = next(work, depth - 1, std::rotr(locals[0], 3));
      asm volatile("" : : "i"(Number));
    } else {
      count = next(work, depth - 1, std::rotr(path, 3));
      asm volatile("" : : "i"(Number + 1));
    }
  }
  return count + (locals[0] & 0);
}

template <std::size_t... Numbers>
constexpr std::array<std::array<Function, variants>, deepest> make_functions(
    std::index_sequence<Numbers...> /*numbers*/) {
  std::array<std::array<Function, variants>, deepest> table{};
  ((table[Numbers / variants][Numbers % variants] = &go_down<Numbers>), ...);
  return table;
}
const std::array<std::array<Function, variants>, deepest> functions =
    make_functions(std::make_index_sequence<variants * deepest>());

void same_stack(benchmark::State& state, Take take) {
  const auto depth = static_cast<std::size_t>(state.range(0));
  const Work work = {.take = take, .wanted = depth, .state = &state};
  const std::size_t count = functions[0][0](work, depth, 0x123456789abcdefULL);
  if (count != depth) {
    state.SkipWithError("the stack has not as many frames as were wanted");
  }
  state.counters["ns_a_frame"] =
      benchmark::Counter(static_cast<double>(count) * 1e-9,
                         benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

std::array<std::uint64_t, 4096> random_paths() {
  Random random(1);
  std::array<std::uint64_t, 4096> paths;
  for (std::uint64_t& path : paths) {
    path = random.next();
  }
  return paths;
}

// Another stack each time: going down costs too, and stands as nothing/.
void other_stacks(benchmark::State& state, Take take) {
  const auto depth = static_cast<std::size_t>(state.range(0));
  const Work work = {.take = take, .wanted = depth, .state = nullptr};
  const auto paths = random_paths();
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(functions[0][0](work, depth, paths[i++ % paths.size()]));
  }
}

// The innermost four functions vary, what calls them is the same: how most programs go about their work.
struct Varied {
  benchmark::State* state;
  Take take;
};
Varied varied;

std::size_t vary_inner(std::size_t depth) {
  const Work work = {.take = varied.take, .wanted = depth, .state = nullptr};
  const auto paths = random_paths();
  std::size_t i = 0;
  for (auto _ : *varied.state) {
    benchmark::DoNotOptimize(functions[0][0](work, 4, paths[i++ % paths.size()]));
  }
  return 0;
}

void inner_varies(benchmark::State& state, Take take) {
  varied = {.state = &state, .take = take};
  const auto depth = static_cast<std::size_t>(state.range(0));
  const Work work = {.take = &vary_inner, .wanted = depth, .state = nullptr};
  benchmark::DoNotOptimize(functions[0][0](work, depth, 0x123456789abcdefULL));
}

constexpr std::array<std::pair<const char*, Take>, 6> ways{{{"nothing", &take_nothing},
                                                            {"ours", &take_ours},
                                                            {"ours_with_memory", &take_with_memory},
                                                            {"frame_pointers", &take_by_frame_pointers},
                                                            {"backtrace", &take_by_backtrace},
                                                            {"libgcc", &take_by_libgcc}}};

void register_all() {
  for (const auto& [name, take] : ways) {
    benchmark::RegisterBenchmark((std::string("same_stack/") + name).c_str(), &same_stack, take)
        ->Arg(6)
        ->Arg(30)
        ->Apply(fixed_iterations);
    benchmark::RegisterBenchmark((std::string("inner_varies/") + name).c_str(), &inner_varies, take)
        ->Arg(30)
        ->Apply(fixed_iterations);
    benchmark::RegisterBenchmark((std::string("other_stacks/") + name).c_str(), &other_stacks, take)
        ->Arg(6)
        ->Arg(30)
        ->Apply(fixed_iterations);
  }
}

}  // namespace
}  // namespace ar::bench

int main(int argument_count, char** arguments) {
  benchmark::Initialize(&argument_count, arguments);
  if (benchmark::ReportUnrecognizedArguments(argument_count, arguments)) {
    return 2;
  }
  ar::bench::register_all();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

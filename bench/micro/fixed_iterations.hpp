// How often a loop runs, if BENCH_ITERATIONS in the environment says so. Google Benchmark chooses by the
// clock, but counts of instructions compare only if both builds do the same work.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdlib>

namespace ar::bench {

inline void fixed_iterations(benchmark::internal::Benchmark* benchmark) {
  const char* const wanted = std::getenv("BENCH_ITERATIONS");
  if (wanted != nullptr) {
    benchmark->Iterations(std::atoll(wanted));
  }
}

}  // namespace ar::bench

#include "registry.hpp"

#include <algorithm>
#include <utility>

namespace ar::bench {

std::int64_t Registry::scaled(std::int64_t amount) const noexcept {
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(static_cast<double>(amount) * scale_));
}

void Registry::add_loop(const std::string& name, std::int64_t iterations, std::int64_t operations,
                        Loop loop) const {
  benchmark::RegisterBenchmark(name.c_str(), [loop = std::move(loop), operations](benchmark::State& state) {
    loop(state);
    state.counters["operations"] = static_cast<double>(operations);
  })->Iterations(scaled(iterations));
}

void Registry::add_run(const std::string& name, std::int64_t operations, Run run) const {
  const std::int64_t amount = scaled(operations);
  benchmark::RegisterBenchmark(name.c_str(),
                               [run = std::move(run), amount](benchmark::State& state) {
                                 while (state.KeepRunning()) {
                                   const Outcome outcome = run(amount);
                                   state.SetIterationTime(outcome.seconds);
                                   // A counter is a double: keep what it can hold exactly.
                                   state.counters["checksum"] =
                                       static_cast<double>(outcome.checksum & 0xffffffffULL);
                                   state.counters["touch_nanoseconds"] = outcome.touch_seconds * 1e9;
                                 }
                                 state.counters["operations"] = static_cast<double>(amount);
                               })
      ->Iterations(1)
      ->UseManualTime();
}

}  // namespace ar::bench

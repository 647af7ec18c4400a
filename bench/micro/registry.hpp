// How a workload is entered: by name, with a fixed amount of work, so that every allocator does exactly
// the same and peak memory can be compared.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>
#include <functional>
#include <string>

namespace ar::bench {

// What one run of a workload that times itself found.
struct Outcome {
  double seconds = 0;
  std::uint64_t checksum = 0;  // the same with every allocator, or the figure is worth nothing
  double touch_seconds = 0;    // the same accesses without the allocator; 0: not measured
};

// A workload whose single operations Google Benchmark times: one loop over the state.
using Loop = std::function<void(benchmark::State&)>;
// A workload that times itself (threads, or preparation that must not count), told how many operations to do.
using Run = std::function<Outcome(std::int64_t operations)>;

class Registry {
 public:
  // `scale` multiplies the work of every workload; anything but 1 is only for trying the machinery.
  explicit Registry(double scale) noexcept : scale_(scale) {}

  // `operations`: how many operations one iteration is, for the time an operation.
  void add_loop(const std::string& name, std::int64_t iterations, std::int64_t operations, Loop loop) const;
  void add_run(const std::string& name, std::int64_t operations, Run run) const;

 private:
  [[nodiscard]] std::int64_t scaled(std::int64_t amount) const noexcept;

  double scale_;
};

void register_pairs(const Registry& registry);
void register_call_sites(const Registry& registry);
void register_batches(const Registry& registry);
void register_growth(const Registry& registry);
void register_zeroed(const Registry& registry);
void register_large(const Registry& registry);
void register_producer_consumer(const Registry& registry);
void register_handover(const Registry& registry);
void register_generations(const Registry& registry);
void register_thread_churn(const Registry& registry);
void register_live_set(const Registry& registry);

}  // namespace ar::bench

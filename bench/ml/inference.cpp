// arpent-bench-inference SOURCE THREADS INFERENCES: a dense network of four layers (64 inputs, 10 scores),
// run so often by each thread with its scratch memory from SOURCE:
//   malloc   a block a layer from the process's malloc, given back at the end of the inference
//   pmr      a std::pmr::monotonic_buffer_resource a thread, upon a buffer that is large enough
//   arena    an ar::ArenaAllocator a thread, reset after each inference
//   nothing  a block a layer that is there all the time: what no allocator can be faster than
// Prints JSON: nanoseconds of the median and of the 99th percentile of all inferences, of the blocks alone
// (the same calls without the network, in a loop), and a sum of the scores, which is the same whatever the
// source.
#include <algorithm>
#include <arpent/arena_allocator.hpp>
#include <arpent/page_allocator.hpp>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <latch>
#include <memory_resource>
#include <span>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::array<std::size_t, 5> widths{64, 128, 128, 64, 10};
constexpr std::size_t layers = widths.size() - 1;
constexpr std::size_t alignment = 64;
constexpr std::size_t warm_inferences = 1'000;
constexpr std::size_t most_bytes = 16'384;

struct Layer {
  std::size_t inputs;
  std::size_t outputs;
  std::vector<float> weights;
  std::vector<float> bias;
};

std::vector<Layer> make_network() {
  std::vector<Layer> network;
  std::uint32_t state = 1;
  const auto next = [&state] {
    state = state * 1'664'525U + 1'013'904'223U;
    return static_cast<float>(state >> 8U) / static_cast<float>(1U << 24U) - 0.5F;
  };
  for (std::size_t at = 0; at < layers; ++at) {
    Layer layer{widths[at], widths[at + 1], {}, {}};
    const float scale = 2 / std::sqrt(static_cast<float>(layer.inputs));
    layer.weights.resize(layer.inputs * layer.outputs);
    std::ranges::generate(layer.weights, [&] { return next() * scale; });
    layer.bias.resize(layer.outputs);
    std::ranges::generate(layer.bias, next);
    network.push_back(std::move(layer));
  }
  return network;
}

void run_layer(const Layer& layer, const float* input, float* output) {
  std::ranges::copy(layer.bias, output);
  for (std::size_t from = 0; from < layer.inputs; ++from) {
    const float* weights = layer.weights.data() + from * layer.outputs;
    const float value = input[from];
    for (std::size_t to = 0; to < layer.outputs; ++to) {
      output[to] += value * weights[to];
    }
  }
  for (std::size_t to = 0; to < layer.outputs; ++to) {
    output[to] = std::max(output[to], 0.0F);
  }
}

// Sources of scratch: `block` for each layer's output, `end` after each inference.
class FromMalloc {
 public:
  float* block(std::size_t count) {
    void* memory =
        std::aligned_alloc(alignment, (count * sizeof(float) + alignment - 1) / alignment * alignment);
    if (memory == nullptr) {
      std::abort();
    }
    return blocks_[used_++] = static_cast<float*>(memory);
  }
  void end() {
    while (used_ > 0) {
      std::free(blocks_[--used_]);
    }
  }

 private:
  std::array<float*, layers> blocks_{};
  std::size_t used_ = 0;
};

class FromPmr {
 public:
  float* block(std::size_t count) {
    return static_cast<float*>(resource_.allocate(count * sizeof(float), alignment));
  }
  void end() { resource_.release(); }

 private:
  alignas(alignment) std::array<std::byte, most_bytes> buffer_{};
  std::pmr::monotonic_buffer_resource resource_{buffer_.data(), buffer_.size(),
                                                std::pmr::null_memory_resource()};
};

class FromArena {
 public:
  float* block(std::size_t count) {
    const auto memory = arena_.allocator().aligned_alloc<float>(ar::Alignment{alignment}, count);
    if (!memory) {
      std::abort();
    }
    return memory->data();
  }
  void end() { arena_.reset(); }

 private:
  ar::ArenaAllocator arena_{ar::page_allocator};
};

class FromNothing {
 public:
  float* block(std::size_t count) {
    float* memory = buffer_.data() + used_;
    used_ += count;
    return memory;
  }
  void end() { used_ = 0; }

 private:
  alignas(alignment) std::array<float, most_bytes / sizeof(float)> buffer_{};
  std::size_t used_ = 0;
};

template <typename Source>
float infer(const std::vector<Layer>& network, const float* input, Source& source) {
  for (const Layer& layer : network) {
    float* output = source.block(layer.outputs);
    run_layer(layer, input, output);
    input = output;
  }
  float sum = 0;
  for (std::size_t at = 0; at < widths.back(); ++at) {
    sum += input[at];
  }
  source.end();
  return sum;
}

void keep(const void* memory) { asm volatile("" : : "r"(memory) : "memory"); }

// One thread's part.
struct Share {
  std::vector<std::uint32_t> nanoseconds;
  double blocks_alone = 0;  // nanoseconds an inference
  double sum = 0;
};

template <typename Source>
Share work(const std::vector<Layer>& network, std::size_t inferences, std::latch& start) {
  Share share;
  share.nanoseconds.reserve(inferences);
  Source source;
  std::array<float, widths.front()> input{};
  const auto once = [&](std::size_t turn) {
    input[turn % input.size()] = static_cast<float>(turn % 17) / 17;
    return infer(network, input.data(), source);
  };
  for (std::size_t turn = 0; turn < warm_inferences; ++turn) {
    static_cast<void>(once(turn));
  }
  start.arrive_and_wait();
  for (std::size_t turn = 0; turn < inferences; ++turn) {
    const auto begin = Clock::now();
    const float sum = once(turn);
    const auto end = Clock::now();
    share.sum += static_cast<double>(sum);
    share.nanoseconds.push_back(static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(end - begin).count()));
  }
  const auto begin = Clock::now();
  for (std::size_t turn = 0; turn < inferences; ++turn) {
    for (std::size_t at = 0; at < layers; ++at) {
      keep(source.block(widths[at + 1]));
    }
    source.end();
  }
  share.blocks_alone = std::chrono::duration<double, std::nano>(Clock::now() - begin).count() /
                       static_cast<double>(inferences);
  return share;
}

template <typename Source>
int measure(std::size_t threads, std::size_t inferences) {
  const std::vector<Layer> network = make_network();
  std::vector<Share> shares(threads);
  std::latch start{static_cast<std::ptrdiff_t>(threads)};
  {
    std::vector<std::jthread> workers;
    for (Share& share : shares) {
      workers.emplace_back([&] { share = work<Source>(network, inferences, start); });
    }
  }
  std::vector<std::uint32_t> all;
  double alone = 0;
  for (const Share& share : shares) {
    all.insert(all.end(), share.nanoseconds.begin(), share.nanoseconds.end());
    alone += share.blocks_alone / static_cast<double>(threads);
  }
  std::ranges::sort(all);
  std::printf("{\"median_ns\": %u, \"p99_ns\": %u, \"blocks_ns\": %.3f, \"sum\": %.6f}\n",
              all[all.size() / 2], all[all.size() * 99 / 100], alone, shares.front().sum);
  return 0;
}

int run(std::span<char*> arguments) {
  if (arguments.size() == 4) {
    const std::string_view source = arguments[1];
    const std::size_t threads = std::strtoull(arguments[2], nullptr, 10);
    const std::size_t inferences = std::strtoull(arguments[3], nullptr, 10);
    if (threads >= 1 && threads <= 64 && inferences >= 1 && inferences <= 10'000'000) {
      if (source == "malloc") {
        return measure<FromMalloc>(threads, inferences);
      }
      if (source == "pmr") {
        return measure<FromPmr>(threads, inferences);
      }
      if (source == "arena") {
        return measure<FromArena>(threads, inferences);
      }
      if (source == "nothing") {
        return measure<FromNothing>(threads, inferences);
      }
    }
  }
  std::fputs("usage: arpent-bench-inference malloc|pmr|arena|nothing THREADS (1 to 64) INFERENCES\n", stderr);
  return 2;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    return run({arguments, static_cast<std::size_t>(count)});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "arpent-bench-inference: %s\n", error.what());
    return 1;
  }
}

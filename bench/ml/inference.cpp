// arpent-bench-inference SOURCE WEIGHTS IMAGES THREADS INFERENCES: the classifier of examples/digits, asked
// so often by each thread for so many images at once, with its scratch memory from SOURCE:
//   session  ar::ml::Session: an arena that is limited, measured and emptied after each inference
//   arena    an ar::ArenaAllocator, reset after each inference
//   fixed    an ar::FixedBufferAllocator, reset after each inference
//   pmr      a std::pmr::monotonic_buffer_resource upon a buffer that is large enough
//   malloc   blocks of the process's malloc, given back at the end of the inference
// Each thread has its own. The model asks all of them through ar::Allocator, and its results, in all cases,
// go into a fixed buffer.
//
// Prints JSON: nanoseconds of the median and of the 99th percentile of all inferences, and of the same blocks
// taken and given back without a model, in a loop of their own; and a sum of the answers, which is the same
// whatever the source.
#include <algorithm>
#include <arpent/arena_allocator.hpp>
#include <arpent/c_allocator.hpp>
#include <arpent/fixed_buffer_allocator.hpp>
#include <arpent/ml/session.hpp>
#include <arpent/ml/weight_store.hpp>
#include <arpent/pmr.hpp>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <expected>
#include <latch>
#include <memory_resource>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "../../examples/digits/digit_images.hpp"
#include "../../examples/digits/digit_model.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using Images = std::span<const std::uint8_t>;
using digits::DigitModel;

constexpr std::size_t warm_inferences = 1'000;
constexpr std::size_t inputs = 64;  // each thread goes through so many, each of IMAGES images

// Bytes that the model's scratch memory takes, with room for alignment.
constexpr std::size_t scratch_bytes(std::size_t images) {
  return images * (digits::pixels + digits::hidden) * sizeof(float) + 256;
}

// What DigitModel::infer takes and gives back, without the model.
struct Blocks {
  [[nodiscard]] std::expected<ar::OwnedSpan<float>, ar::ml::ModelFault> infer(Images images,
                                                                              ar::Allocator scratch,
                                                                              ar::Allocator result) const {
    const std::size_t count = images.size() / digits::pixels;
    const auto input = scratch.alloc<float>(images.size(), "input");
    const auto activations = scratch.alloc<float>(count * digits::hidden, "activations");
    auto output = ar::make_owned_span<float>(result, count * digits::classes, "probabilities");
    if (!input || !activations || !output) {
      return std::unexpected(ar::ml::ModelFault::out_of_memory);
    }
    return std::move(*output);
  }
};

// Sources of scratch memory, each for inferences of so many images.
class Arena {
 public:
  explicit Arena(std::size_t) {}
  ar::Allocator allocator() { return arena_.allocator(); }
  void end() { arena_.reset(); }

 private:
  ar::ArenaAllocator arena_{ar::c_allocator};
};

class FixedBuffer {
 public:
  explicit FixedBuffer(std::size_t images) : buffer_(scratch_bytes(images)) {}
  ar::Allocator allocator() { return fixed_.allocator(); }
  void end() { fixed_.reset(); }

 private:
  std::vector<std::byte> buffer_;
  ar::FixedBufferAllocator fixed_{std::span{buffer_}};
};

class Pmr {
 public:
  explicit Pmr(std::size_t images) : buffer_(scratch_bytes(images)) {}
  ar::Allocator allocator() { return ar::from_pmr(resource_); }
  void end() { resource_.release(); }

 private:
  std::vector<std::byte> buffer_;
  std::pmr::monotonic_buffer_resource resource_{buffer_.data(), buffer_.size(),
                                                std::pmr::null_memory_resource()};
};

class Malloc {
 public:
  explicit Malloc(std::size_t) {}
  ar::Allocator allocator() { return ar::Allocator::of(*this); }
  void end() {
    while (used_ > 0) {
      std::free(blocks_[--used_]);
    }
  }

  [[nodiscard]] void* raw_alloc(std::size_t size, std::size_t, const ar::Description&) noexcept {
    return blocks_[used_++] = std::malloc(size);  // the model aligns nothing beyond malloc's alignment
  }
  [[nodiscard]] bool raw_resize(void*, std::size_t, std::size_t, std::size_t,
                                const ar::Description&) noexcept {
    return false;
  }
  [[nodiscard]] void* raw_remap(void*, std::size_t, std::size_t, std::size_t,
                                const ar::Description&) noexcept {
    return nullptr;
  }
  void raw_free(void*, std::size_t, std::size_t, const ar::Description&) noexcept {}

 private:
  std::array<void*, 2> blocks_{};
  std::size_t used_ = 0;
};

// A model with one of these.
template <class Source>
struct By {
  template <class Model>
  class Runner {
   public:
    Runner(const Model& model, std::size_t images) : model_(model), source_(images) {}
    auto run(Images images, ar::Allocator result) {
      auto answer = model_.infer(images, source_.allocator(), result);
      source_.end();
      return answer;
    }

   private:
    const Model& model_;
    Source source_;
  };
};

struct BySession {
  template <class Model>
  class Runner {
   public:
    Runner(const Model& model, std::size_t) : session_(model, ar::c_allocator) {}
    auto run(Images images, ar::Allocator result) { return session_.run(images, result); }

   private:
    ar::ml::Session<Model> session_;
  };
};

struct Options {
  std::string weights;
  std::size_t images = 1;
  std::size_t threads = 1;
  std::size_t inferences = 1;
};

// One thread's part.
struct Share {
  std::vector<std::uint32_t> nanoseconds;
  double blocks = 0;  // nanoseconds an inference
  std::size_t answers = 0;
};

void keep(const void* memory) { asm volatile("" : : "r"(memory) : "memory"); }

template <class Way>
Share work(const DigitModel& model, const Options& options, std::latch& start) {
  Share share;
  share.nanoseconds.reserve(options.inferences);
  std::vector<std::uint8_t> drawn;
  digits::Chance chance{3};
  for (std::size_t index = 0; index < inputs * options.images; ++index) {
    const digits::Image image = digits::draw(index % digits::classes, chance);
    drawn.insert(drawn.end(), image.begin(), image.end());
  }
  const auto input = [&](std::size_t turn) {
    const std::size_t bytes = options.images * digits::pixels;
    return Images{drawn}.subspan(turn % inputs * bytes, bytes);
  };
  std::vector<std::byte> results(options.images * digits::classes * sizeof(float) + 64);
  ar::FixedBufferAllocator fixed{std::span{results}};
  const ar::Allocator result = fixed.allocator();

  typename Way::template Runner<DigitModel> runner{model, options.images};
  const auto once = [&](std::size_t turn) {
    const auto answer = runner.run(input(turn), result);
    if (!answer) {
      throw std::runtime_error(ar::ml::message(answer.error()));
    }
    return DigitModel::best(answer->get().first(digits::classes));
  };
  for (std::size_t turn = 0; turn < warm_inferences; ++turn) {
    static_cast<void>(once(turn));
  }
  start.arrive_and_wait();
  for (std::size_t turn = 0; turn < options.inferences; ++turn) {
    const auto begin = Clock::now();
    share.answers += once(turn);
    const auto end = Clock::now();
    share.nanoseconds.push_back(static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(end - begin).count()));
  }

  const Blocks nothing;
  typename Way::template Runner<Blocks> blocks{nothing, options.images};
  const auto begin = Clock::now();
  for (std::size_t turn = 0; turn < options.inferences; ++turn) {
    const auto taken = blocks.run(input(turn), result);
    keep(taken->get().data());
  }
  share.blocks = std::chrono::duration<double, std::nano>(Clock::now() - begin).count() /
                 static_cast<double>(options.inferences);
  return share;
}

template <class Way>
int measure(const Options& options) {
  const auto store = ar::ml::WeightStore::map(options.weights, {.prefault = true});
  if (!store) {
    throw std::runtime_error(store.error().text);
  }
  const auto model = DigitModel::from(*store);
  if (!model) {
    throw std::runtime_error(model.error().text);
  }
  std::vector<Share> shares(options.threads);
  std::latch start{static_cast<std::ptrdiff_t>(options.threads)};
  {
    std::vector<std::jthread> workers;
    for (Share& share : shares) {
      workers.emplace_back([&] { share = work<Way>(*model, options, start); });
    }
  }
  std::vector<std::uint32_t> all;
  double blocks = 0;
  for (const Share& share : shares) {
    all.insert(all.end(), share.nanoseconds.begin(), share.nanoseconds.end());
    blocks += share.blocks / static_cast<double>(options.threads);
  }
  std::ranges::sort(all);
  std::printf("{\"median_ns\": %u, \"p99_ns\": %u, \"blocks_ns\": %.3f, \"answers\": %zu}\n",
              all[all.size() / 2], all[all.size() * 99 / 100], blocks, shares.front().answers);
  return 0;
}

std::size_t count_in(const char* text, std::size_t most) {
  const std::size_t number = std::strtoull(text, nullptr, 10);
  return number <= most ? number : 0;
}

int run(std::span<char*> arguments) {
  if (arguments.size() == 6) {
    const std::string_view source = arguments[1];
    const Options options{arguments[2], count_in(arguments[3], 1'000), count_in(arguments[4], 64),
                          count_in(arguments[5], 10'000'000)};
    if (options.images > 0 && options.threads > 0 && options.inferences > 0) {
      if (source == "session") {
        return measure<BySession>(options);
      }
      if (source == "arena") {
        return measure<By<Arena>>(options);
      }
      if (source == "fixed") {
        return measure<By<FixedBuffer>>(options);
      }
      if (source == "pmr") {
        return measure<By<Pmr>>(options);
      }
      if (source == "malloc") {
        return measure<By<Malloc>>(options);
      }
    }
  }
  std::fputs(
      "usage: arpent-bench-inference session|arena|fixed|pmr|malloc WEIGHTS IMAGES THREADS INFERENCES\n",
      stderr);
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

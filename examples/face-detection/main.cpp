// face-detection [--plain] MODEL.tflite [INFERENCES]: runs a face detector on pictures that it draws itself.
// Exit status: 0 done; 1 the model could not be read or run; 2 wrong usage.
#include <algorithm>
#include <arpent/arena_allocator.hpp>
#include <arpent/c_allocator.hpp>
#include <arpent/heap_allocator.hpp>
#include <arpent/named_allocator.hpp>
#include <arpent/testing.hpp>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "detector.hpp"

namespace {

using namespace face_detection;

// A light disc with two dark spots that moves across a dark ground; values from -1 to 1, as the model wants
// them.
void draw(std::span<float> picture, std::size_t turn) {
  const auto side = static_cast<std::size_t>(std::sqrt(static_cast<double>(picture.size() / 3)));
  const double middle = static_cast<double>(side) / 2 + static_cast<double>(turn % 17) - 8;
  const double radius = static_cast<double>(side) / 4;
  for (std::size_t at = 0; at < side * side; ++at) {
    const double across = static_cast<double>(at % side) - middle;
    const double down = static_cast<double>(at / side) - middle;
    const bool face = std::hypot(across, down) < radius;
    const bool eye = std::hypot(std::abs(across) - radius / 2.5, down + radius / 4) < radius / 6;
    const float light = !face || eye ? -0.6F : 0.5F;
    picture[3 * at] = light;
    picture[3 * at + 1] = light - 0.1F;
    picture[3 * at + 2] = light - 0.2F;
  }
}

// What an engine does that has malloc only: a block each, all given back by `release`, as an arena does it.
class BlocksOfMalloc {
 public:
  BlocksOfMalloc() = default;
  BlocksOfMalloc(const BlocksOfMalloc&) = delete;
  BlocksOfMalloc& operator=(const BlocksOfMalloc&) = delete;
  ~BlocksOfMalloc() { release(); }

  [[nodiscard]] ar::Allocator allocator() noexcept { return ar::Allocator::of(*this); }
  void release() noexcept {
    for (void* block : blocks_) {
      std::free(block);
    }
    blocks_.clear();
  }

  [[nodiscard]] void* raw_alloc(std::size_t size, std::size_t alignment, const ar::Description&) noexcept {
    void* block = nullptr;
    if (posix_memalign(&block, std::max(alignment, sizeof(void*)), size) != 0) {
      return nullptr;
    }
    return blocks_.emplace_back(block);
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
  std::vector<void*> blocks_;
};

int fail(const std::string& what) {
  std::fprintf(stderr, "face-detection: %s\n", what.c_str());
  return 1;
}

int detect(Detector& detector, std::size_t inferences) {
  double sum = 0;
  bool done = true;
  const auto infer = [&] {
    for (std::size_t turn = 0; turn < inferences && done; ++turn) {
      draw(detector.input(), turn);
      done = detector.run();
      for (const auto& output : detector.outputs()) {
        for (const float value : output) {
          sum += static_cast<double>(value);
        }
      }
    }
  };
  const std::string allocations = ar::testing::expect_no_allocations(infer);
  if (!done) {
    return fail("XNNPACK cannot run the network");
  }
  if (!allocations.empty()) {
    return fail("an inference touches the heap: " + allocations);
  }
  std::printf("%zu inferences without an allocation; the sum of their outputs is %.3f\n", inferences, sum);
  std::printf("tensors: %zu bytes in places of their own", detector.sum_of_tensors());
  if (detector.planned_block() != 0) {
    std::printf(", %zu bytes in one block", detector.planned_block());
  }
  std::printf("\n");
  return 0;
}

int run(const Model& model, bool is_plain, std::size_t inferences) {
  ar::NamedAllocator weights{ar::heap_allocator, "weights, packed"};
  ar::NamedAllocator widening{ar::heap_allocator, "weights, widened to be packed"};
  ar::NamedAllocator working{ar::heap_allocator, "scratch of inferences"};
  ar::ArenaAllocator loading{widening.allocator()};
  ar::ArenaAllocator scratch{working.allocator()};
  // What XNNPACK keeps of itself is freed by xnn_deinitialize, with the operators gone.
  EngineMemory engine{weights.allocator()};
  if (xnn_initialize(is_plain ? nullptr : engine.for_xnnpack()) != xnn_status_success) {
    return fail("XNNPACK does not run on this processor");
  }
  BlocksOfMalloc plain_loading;
  BlocksOfMalloc plain_scratch;
  const Memory memory =
      is_plain ? Memory{engine, ar::c_allocator, plain_loading.allocator(), plain_scratch.allocator(), false}
               : Memory{engine, weights.allocator(), loading.allocator(), scratch.allocator()};
  int status = 0;
  {
    auto detector = Detector::load(model, memory);
    if (detector) {
      loading.reset(ar::free_all);
      plain_loading.release();
      status = detect(*detector, inferences);
    } else {
      status = fail(detector.error());
    }
  }
  xnn_deinitialize();
  return status;
}

int start(std::span<char*> arguments) {
  bool is_plain = false;
  std::vector<std::string> rest;
  for (const char* argument : arguments.subspan(1)) {
    if (std::string_view{argument} == "--plain") {
      is_plain = true;
    } else {
      rest.emplace_back(argument);
    }
  }
  const long inferences = rest.size() == 2 ? std::strtol(rest[1].c_str(), nullptr, 10) : 20;
  if (rest.empty() || rest.size() > 2 || rest[0].starts_with('-') || inferences < 1) {
    std::fputs("usage: face-detection [--plain] MODEL.tflite [INFERENCES]\n", stderr);
    return 2;
  }
  std::ifstream stream{rest[0], std::ios::binary};
  const std::string file{std::istreambuf_iterator<char>{stream}, {}};
  if (!stream) {
    return fail("'" + rest[0] + "' cannot be read");
  }
  const auto model = read_model(file);
  if (!model) {
    return fail("'" + rest[0] + "': " + model.error());
  }
  return run(*model, is_plain, static_cast<std::size_t>(inferences));
}

}  // namespace

int main(int count, char** arguments) {
  try {
    return start({arguments, static_cast<std::size_t>(count)});
  } catch (const std::exception& error) {
    return fail(error.what());
  }
}

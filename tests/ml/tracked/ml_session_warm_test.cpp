// Tests include/arpent/ml/session.hpp
// A warm session, its result included where that has a place of its own, touches no heap: not malloc, not
// operator new. By itself, because seeing that takes Arpent's malloc, which the sanitizers' builds are
// without.
#include <ar_heap.h>
#include <gtest/gtest.h>
#include <arpent/c_allocator.hpp>
#include <arpent/fixed_buffer_allocator.hpp>
#include <arpent/ml/session.hpp>
#include <arpent/ml/simple_model.hpp>
#include <arpent/testing.hpp>

#include <array>
#include <span>
#include <vector>

namespace {

// Normalises in scratch memory, then one dense layer.
struct Normalising {
  ar::ml::SimpleModel layer;

  [[nodiscard]] std::expected<ar::OwnedSpan<float>, ar::ml::ModelFault> infer(std::span<const float> input,
                                                                              ar::Allocator scratch,
                                                                              ar::Allocator result) const {
    const auto normal = scratch.dupe(input, "normalised");
    if (!normal) {
      return std::unexpected(ar::ml::ModelFault::out_of_memory);
    }
    for (float& item : *normal) {
      item /= 255;
    }
    return layer.predict(*normal, result);
  }
};

TEST(WarmSession, TouchesNoHeap) {
  auto layer = ar::ml::SimpleModel::create(ar::c_allocator, 1000, 10);
  ASSERT_TRUE(layer.has_value());
  const Normalising model{std::move(*layer)};
  ar::ml::Session session{model, ar::c_allocator, {.first_chunk = 64}};
  const std::vector<float> input(1000, 255.0F);
  const auto run = [&] {
    alignas(64) std::array<std::byte, 256> buffer;
    ar::FixedBufferAllocator result{buffer};
    EXPECT_TRUE(session.run(std::span{input}, result.allocator()).has_value());
  };
  EXPECT_NE(ar::testing::expect_no_allocations(run), "");  // cold: it is seen when there is something to see
  run();
  EXPECT_EQ(ar::testing::expect_no_allocations([&] {
              for (int round = 0; round < 1000; ++round) {
                run();
              }
            }),
            "");
}

}  // namespace

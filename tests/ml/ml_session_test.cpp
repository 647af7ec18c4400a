// Tests include/arpent/ml/session.hpp
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <arpent/c_allocator.hpp>
#include <arpent/ml/session.hpp>
#include <arpent/ml/simple_model.hpp>
#include <arpent/testing.hpp>

#include <array>
#include <cstddef>
#include <expected>
#include <numeric>
#include <span>
#include <stdexcept>
#include <thread>
#include <vector>

#include "weight_files.hpp"

namespace {

using ar::ml::ModelFault;
using ar::ml::Session;
using ar::ml::SimpleModel;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Floats = std::expected<ar::OwnedSpan<float>, ModelFault>;

// Two layers with activations between them, of as many floats as the input says.
struct Doubling {
  [[nodiscard]] Floats infer(std::span<const float> input, ar::Allocator scratch,
                             ar::Allocator result) const {
    const auto once = scratch.aligned_alloc<float>(ar::Alignment{64}, input.size(), "first activations");
    const auto twice = scratch.aligned_alloc<float>(ar::Alignment{64}, input.size(), "second activations");
    if (!once || !twice) {
      return std::unexpected(ModelFault::out_of_memory);
    }
    for (std::size_t index = 0; index < input.size(); ++index) {
      (*once)[index] = 2 * input[index];
      (*twice)[index] = 2 * (*once)[index];
    }
    auto output = ar::make_owned_span<float>(result, input.size(), "result");
    if (!output) {
      return std::unexpected(ModelFault::out_of_memory);
    }
    std::ranges::copy(*twice, output->begin());
    return std::move(*output);
  }
};

class Sessions : public ::testing::Test {
 protected:
  [[nodiscard]] std::vector<float> input(std::size_t count) const {
    std::vector<float> floats(count);
    std::iota(floats.begin(), floats.end(), 1.0F);
    return floats;
  }
  Doubling model_;
  ar::testing::Ledger ledger_;
  ar::testing::Ledger results_;
};

TEST_F(Sessions, TheResultOutlivesTheArena) {
  Floats result;
  {
    Session session{model_, ledger_.allocator()};
    result = session.run(input(3), results_.allocator());
    ASSERT_TRUE(
        session.run(input(3), ar::c_allocator).has_value());  // writes where the first one's scratch was
  }
  EXPECT_THAT(ledger_.take_findings(), IsEmpty());
  ASSERT_TRUE(result.has_value());
  EXPECT_THAT(std::vector(result->begin(), result->end()), ElementsAre(4.0F, 8.0F, 12.0F));
  result->reset();
  EXPECT_THAT(results_.take_findings(), IsEmpty());
}

TEST_F(Sessions, AWarmOneAsksNobody) {
  Session session{model_, ledger_.allocator(), {.first_chunk = 4096}};
  const std::vector<float> large = input(10'000);
  ASSERT_TRUE(session.run(large, results_.allocator()).has_value());
  ASSERT_TRUE(session.run(large, results_.allocator()).has_value());
  const auto before = ledger_.now();
  for (const std::size_t count : {10'000U, 1U, 5'000U, 10'000U}) {
    ASSERT_TRUE(session.run(input(count), results_.allocator()).has_value());
  }
  EXPECT_EQ(ledger_.now(), before);
  EXPECT_EQ(session.runs(), 6U);
}

TEST_F(Sessions, KnowTheMostThatAnInferenceHad) {
  Session session{model_, ledger_.allocator(), {.first_chunk = 4096}};
  ASSERT_TRUE(session.run(input(1'000), results_.allocator()).has_value());
  EXPECT_GE(session.high_water_mark(), 8'000U);
  EXPECT_LE(session.high_water_mark(), 8'000U + 2 * 64);
  ASSERT_TRUE(session.run(input(100), results_.allocator()).has_value());
  EXPECT_GE(session.high_water_mark(), 8'000U);
  EXPECT_GE(session.last_high_water_mark(), 800U);
  EXPECT_LE(session.last_high_water_mark(), 800U + 2 * 64);
  EXPECT_GE(session.retained(), session.high_water_mark());
}

// What is given back before the end of the inference was needed all the same.
struct TakesAndGives {
  [[nodiscard]] std::expected<int, ModelFault> infer(std::size_t size, ar::Allocator scratch,
                                                     ar::Allocator) const {
    const auto first = scratch.alloc<std::byte>(size);
    if (!first) {
      return std::unexpected(ModelFault::out_of_memory);
    }
    scratch.free(*first);
    const auto second = scratch.alloc<std::byte>(size / 2);
    const auto third = scratch.resize(*second, size / 4);
    return third ? 1 : 0;
  }
};
TEST_F(Sessions, KnowTheMostAlsoWhenItWasGivenBack) {
  const TakesAndGives model;
  Session session{model, ledger_.allocator()};
  ASSERT_EQ(session.run(std::size_t{8192}, results_.allocator()), 1);
  EXPECT_GE(session.high_water_mark(), 8192U);
  EXPECT_LT(session.high_water_mark(), 8192U + 64);
}

TEST_F(Sessions, KeepNoMoreOfAnOutlierThanTheyAreTold) {
  Session session{model_, ledger_.allocator(), {.first_chunk = 4096, .retain_limit = 16 * 1024}};
  ASSERT_TRUE(session.run(input(1'000'000), results_.allocator()).has_value());
  EXPECT_LE(session.retained(), 16U * 1024);
  EXPECT_GE(session.high_water_mark(), 8'000'000U);
  const auto before = ledger_.now();
  ASSERT_TRUE(session.run(input(1'000), results_.allocator()).has_value());
  EXPECT_EQ(ledger_.now(), before);  // what it kept is enough for the usual ones
}

// Whatever ran before: the limit is on the inference, not on what the arena happens to hold.
TEST_F(Sessions, RefuseMoreThanTheirLimit) {
  Session session{model_, ledger_.allocator(), {.scratch_limit = 8'000}};
  for (const std::size_t before : {0U, 1U, 500U, 1'000U}) {
    ASSERT_TRUE(session.run(input(before), results_.allocator()).has_value());
    ASSERT_TRUE(session.run(input(1'000), results_.allocator()).has_value());
    const Floats refused = session.run(input(1'001), results_.allocator());
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error(), ModelFault::out_of_memory);
  }
  EXPECT_THAT(results_.take_findings(), IsEmpty());
}

struct Throws {
  [[nodiscard]] std::expected<int, ModelFault> infer(int, ar::Allocator scratch, ar::Allocator) const {
    if (scratch.alloc<std::byte>(100'000)) {
      throw std::runtime_error("no");
    }
    return 0;
  }
};
TEST_F(Sessions, AreEmptyAgainAfterAnException) {
  const Throws model;
  Session session{model, ledger_.allocator()};
  for (int round = 0; round < 3; ++round) {
    EXPECT_THROW(static_cast<void>(session.run(1, results_.allocator())), std::runtime_error);
  }
  EXPECT_EQ(session.runs(), 3U);
  EXPECT_LT(session.retained(), 200'000U);  // one inference's, not three's
}

TEST_F(Sessions, SurviveRunningOut) {
  const std::vector<float> floats = input(50'000);
  EXPECT_EQ(ar::testing::check_all_allocation_failures([&](ar::Allocator allocator) -> Floats {
              Session session{model_, allocator, {.first_chunk = 64, .retain_limit = 0}};
              return session.run(floats, allocator);
            }),
            "");
}

TEST_F(Sessions, OneAThreadOverSharedWeights) {
  auto model = SimpleModel::create(ar::c_allocator, 64, 8);
  ASSERT_TRUE(model.has_value());
  std::ranges::fill(model->weights(), 0.5F);
  std::array<float, 4> sums{};
  std::vector<std::thread> threads;
  for (float& sum : sums) {
    threads.emplace_back([&model, &sum] {
      Session session{*model, ar::c_allocator};
      const std::vector<float> ones(64, 1.0F);
      for (int round = 0; round < 100; ++round) {
        const auto scores = session.run(std::span{ones}, ar::c_allocator);
        sum += scores ? (*scores)[7] : -1.0F;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_THAT(sums, ElementsAre(3200.0F, 3200.0F, 3200.0F, 3200.0F));
}

TEST(SimpleModel, PredictsADenseLayer) {
  auto model = SimpleModel::create(ar::testing::allocator(), 3, 2);
  ASSERT_TRUE(model.has_value());
  EXPECT_THAT(model->predict(std::array{1.0F, 1.0F, 1.0F}, ar::testing::allocator())->get(),
              ElementsAre(0.0F, 0.0F));
  std::ranges::copy(std::array{1.0F, 2.0F, 3.0F, -1.0F, 0.0F, 0.5F}, model->weights().begin());
  std::ranges::copy(std::array{10.0F, 20.0F}, model->bias().begin());
  const auto scores = model->predict(std::array{1.0F, 10.0F, 100.0F}, ar::testing::allocator());
  ASSERT_TRUE(scores.has_value());
  EXPECT_THAT(scores->get(), ElementsAre(331.0F, 69.0F));
}

TEST(SimpleModel, RefusesAnInputOfAnotherSize) {
  const auto model = SimpleModel::create(ar::testing::allocator(), 3, 2);
  ASSERT_TRUE(model.has_value());
  const auto scores = model->predict(std::array{1.0F, 1.0F}, ar::testing::allocator());
  ASSERT_FALSE(scores.has_value());
  EXPECT_EQ(scores.error(), ModelFault::wrong_input);
  EXPECT_STREQ(ar::ml::message(scores.error()), "the input has another size than the model takes");
}

TEST(SimpleModel, GivesBackItsWeightsWhenThereIsNoBias) {
  EXPECT_EQ(ar::testing::check_all_allocation_failures(
                [](ar::Allocator allocator) -> std::expected<ar::OwnedSpan<float>, ModelFault> {
                  const auto model = SimpleModel::create(allocator, 100, 10);
                  if (!model) {
                    return std::unexpected(model.error());
                  }
                  const std::vector<float> input(100);
                  return model->predict(input, allocator);
                }),
            "");
}

TEST(SimpleModel, SizesThatOverflowAreOutOfMemory) {
  const auto model = SimpleModel::create(ar::testing::allocator(), SIZE_MAX / 2, 3);
  ASSERT_FALSE(model.has_value());
  EXPECT_EQ(model.error(), ModelFault::out_of_memory);
}

TEST(SimpleModel, ComesFromAWeightStore) {
  const std::array<float, 6> weights{1, 2, 3, 4, 5, 6};
  const std::array<float, 2> bias{7, 8};
  const std::array<std::size_t, 2> shape{2, 3};
  const std::array<std::size_t, 1> bias_shape{2};
  const std::array<std::size_t, 1> flat{6};
  const ar::testing::TemporaryFolder folder;
  const auto store_of = [&](std::span<const std::size_t> weight_shape) {
    const std::array tensors{
        ar::ml::TensorToWrite{"fc.weight", ar::ml::Dtype::f32, weight_shape,
                              std::as_bytes(std::span{weights})},
        ar::ml::TensorToWrite{"fc.bias", ar::ml::Dtype::f32, bias_shape, std::as_bytes(std::span{bias})}};
    EXPECT_TRUE(ar::ml::write_weights(folder.file("fc.safetensors"), tensors).has_value());
    return ar::ml::WeightStore::map(folder.file("fc.safetensors"));
  };
  const auto store = store_of(shape);
  ASSERT_TRUE(store.has_value());
  const auto model = SimpleModel::from(*store, "fc", ar::testing::allocator());
  ASSERT_TRUE(model.has_value()) << model.error().text;
  EXPECT_THAT(model->predict(std::array{1.0F, 0.0F, 0.0F}, ar::testing::allocator())->get(),
              ElementsAre(8.0F, 12.0F));
  EXPECT_EQ(ar::testing::check_all_allocation_failures(
                [&](ar::Allocator allocator) { return SimpleModel::from(*store, "fc", allocator); }),
            "");
  const auto missing = SimpleModel::from(*store, "fd", ar::testing::allocator());
  EXPECT_EQ(missing.error().tensor, "fd.bias");
  const auto wrong = store_of(flat);
  EXPECT_EQ(SimpleModel::from(*wrong, "fc", ar::testing::allocator()).error().fault,
            ar::ml::WeightFault::wrong_shape);
}

}  // namespace

// Tests src/ml/plan.cpp
#include "arpent/ml/plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace {

using ar::ml::Lifetime;
using ar::ml::Plan;
using ar::ml::PlanFault;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Replays the plan: at every step each byte of the block belongs to one live tensor at most.
void expect_replays(const std::vector<Lifetime>& lifetimes, const Plan& plan, std::size_t alignment = 1) {
  ASSERT_EQ(plan.offsets.size(), lifetimes.size());
  std::vector<std::int64_t> steps;
  for (std::size_t index = 0; index < lifetimes.size(); ++index) {
    steps.push_back(lifetimes[index].lower);
    EXPECT_EQ(plan.offsets[index] % alignment, 0U) << index;
    EXPECT_LE(plan.offsets[index] + lifetimes[index].size, plan.total) << index;
  }
  for (const std::int64_t step : steps) {
    std::vector<std::size_t> alive;
    for (std::size_t index = 0; index < lifetimes.size(); ++index) {
      if (lifetimes[index].lower <= step && step < lifetimes[index].upper && lifetimes[index].size != 0) {
        alive.push_back(index);
      }
    }
    std::ranges::sort(alive, {}, [&](std::size_t index) { return plan.offsets[index]; });
    for (std::size_t at = 1; at < alive.size(); ++at) {
      const std::size_t below = alive[at - 1];
      ASSERT_LE(plan.offsets[below] + lifetimes[below].size, plan.offsets[alive[at]])
          << "tensors " << below << " and " << alive[at] << " overlap at step " << step;
    }
  }
}

Plan planned(const std::vector<Lifetime>& lifetimes, const ar::ml::PlanOptions& options = {}) {
  auto plan = ar::ml::plan(lifetimes, options);
  EXPECT_TRUE(plan.has_value());
  if (plan) {
    expect_replays(lifetimes, *plan, options.alignment);
  }
  return plan.value_or(Plan{});
}

// The least total, by trying every order of setting tensors down on what is there: one of them is canonical.
std::size_t least_by_force(const std::vector<Lifetime>& lifetimes) {
  std::vector<std::size_t> order(lifetimes.size());
  for (std::size_t index = 0; index < order.size(); ++index) {
    order[index] = index;
  }
  std::size_t least = SIZE_MAX;
  do {
    std::vector<std::size_t> tops(lifetimes.size());
    std::size_t total = 0;
    for (std::size_t at = 0; at < order.size(); ++at) {
      const Lifetime& here = lifetimes[order[at]];
      std::size_t offset = 0;
      for (std::size_t below = 0; below < at; ++below) {
        const Lifetime& there = lifetimes[order[below]];
        if (here.lower < there.upper && there.lower < here.upper) {
          offset = std::max(offset, tops[order[below]]);
        }
      }
      tops[order[at]] = offset + here.size;
      total = std::max(total, tops[order[at]]);
    }
    least = std::min(least, total);
  } while (std::ranges::next_permutation(order).found);
  return least;
}

// Tensors cut out of a full block of `height`, each piece split in time or in space: they fit without any
// gap.
std::vector<Lifetime> perfect_puzzle(std::uint32_t seed, std::size_t pieces, std::size_t height,
                                     std::int64_t length) {
  struct Piece {
    std::int64_t lower, upper;
    std::size_t size;
  };
  std::mt19937 random{seed};
  std::vector<Piece> all{{0, length, height}};
  while (all.size() < pieces) {
    const std::size_t index = random() % all.size();
    Piece& piece = all[index];
    Piece other = piece;
    if (random() % 2 == 0 && piece.upper - piece.lower > 1) {
      piece.upper = piece.lower + 1 + static_cast<std::int64_t>(random()) % (piece.upper - piece.lower - 1);
      other.lower = piece.upper;
    } else if (piece.size > 1) {
      piece.size = 1 + random() % (piece.size - 1);
      other.size -= piece.size;
    } else {
      continue;
    }
    all.push_back(other);
  }
  std::ranges::shuffle(all, random);
  std::vector<Lifetime> lifetimes;
  for (const Piece& piece : all) {
    lifetimes.push_back({piece.lower, piece.upper, piece.size});
  }
  return lifetimes;
}

TEST(MlPlan, nothing_needs_nothing) {
  const Plan plan = planned({});
  EXPECT_EQ(plan.total, 0U);
  EXPECT_TRUE(plan.proved);
  EXPECT_EQ(plan.ratio(), 1.0);
}

TEST(MlPlan, those_that_never_meet_share) {
  const Plan plan = planned({{0, 3, 4}, {3, 9, 4}, {0, 9, 4}});
  EXPECT_EQ(plan.total, 8U);
  EXPECT_EQ(plan.lower_bound, 8U);
  EXPECT_TRUE(plan.proved);
}

TEST(MlPlan, empty_tensors_take_no_place) {
  const Plan plan = planned({{0, 2, 0}, {0, 2, 8}, {1, 2, 0}});
  EXPECT_EQ(plan.total, 8U);
}

TEST(MlPlan, sizes_and_offsets_are_aligned) {
  const Plan plan = planned({{0, 2, 1}, {0, 2, 65}, {1, 3, 64}}, {.alignment = 64});
  EXPECT_EQ(plan.total, 256U);
  EXPECT_EQ(plan.lower_bound, 256U);
}

TEST(MlPlan, times_may_be_anything) {
  const Plan plan = planned({{INT64_MIN, 0, 5}, {0, INT64_MAX, 7}, {-1, 1, 1}});
  EXPECT_EQ(plan.total, 8U);
}

TEST(MlPlan, the_least_total_is_found_and_proved) {
  std::mt19937 random{20};
  for (int round = 0; round < 150; ++round) {
    std::vector<Lifetime> lifetimes;
    for (int count = 0; count < 7; ++count) {
      const auto lower = static_cast<std::int64_t>(random() % 6);
      lifetimes.push_back({lower, lower + 1 + static_cast<std::int64_t>(random() % 4), 1 + random() % 9});
    }
    const Plan plan = planned(lifetimes, {.time_limit = seconds{60}});
    ASSERT_EQ(plan.total, least_by_force(lifetimes)) << "round " << round;
    EXPECT_TRUE(plan.proved);
  }
}

TEST(MlPlan, the_search_solves_what_greedy_does_not) {
  std::size_t greedy_fails = 0;
  for (std::uint32_t seed = 0; seed < 12; ++seed) {
    const std::vector<Lifetime> lifetimes = perfect_puzzle(seed, 40, 1000, 60);
    greedy_fails += planned(lifetimes, {.time_limit = milliseconds{0}}).total > 1000 ? 1 : 0;
    const Plan plan = planned(lifetimes, {.time_limit = seconds{60}});
    EXPECT_EQ(plan.total, 1000U) << "seed " << seed;
    EXPECT_TRUE(plan.proved);
  }
  EXPECT_GT(greedy_fails, 6U);
}

TEST(MlPlan, without_time_the_greedy_plan_stands) {
  const Plan plan = planned(perfect_puzzle(3, 200, 100'000, 300), {.time_limit = milliseconds{0}});
  EXPECT_GE(plan.total, plan.lower_bound);
}

TEST(MlPlan, a_capacity_below_the_bound_is_refuted) {
  const Plan plan = planned({{0, 2, 4}, {1, 3, 4}}, {.capacity = 7});
  EXPECT_TRUE(plan.refuted);
  EXPECT_EQ(plan.total, 8U);
}

// Its bound is 10, and yet no plan is smaller than 11.
std::vector<Lifetime> with_gap() {
  return {{4, 8, 4}, {1, 3, 5}, {3, 5, 3}, {5, 7, 1}, {2, 4, 2},
          {1, 2, 5}, {6, 9, 4}, {2, 6, 2}, {0, 1, 1}, {3, 4, 3}};
}

TEST(MlPlan, a_total_above_the_bound_is_proved) {
  const Plan plan = planned(with_gap(), {.time_limit = seconds{60}});
  EXPECT_EQ(plan.lower_bound, 10U);
  EXPECT_EQ(plan.total, 11U);
  EXPECT_EQ(plan.total, least_by_force(with_gap()));
  EXPECT_TRUE(plan.proved);
}

TEST(MlPlan, a_capacity_that_no_order_reaches_is_refuted) {
  EXPECT_TRUE(planned(with_gap(), {.capacity = 10, .time_limit = seconds{60}}).refuted);
  const Plan fits = planned(with_gap(), {.capacity = 11, .time_limit = seconds{60}});
  EXPECT_FALSE(fits.refuted);
  EXPECT_EQ(fits.total, 11U);
}

TEST(MlPlan, faults_are_named) {
  const auto fault = [](std::vector<Lifetime> lifetimes, std::size_t alignment = 1) {
    return ar::ml::plan(lifetimes, {.alignment = alignment}).error();
  };
  EXPECT_EQ(fault({{0, 1, 1}, {2, 2, 1}}).fault, PlanFault::empty_lifetime);
  EXPECT_EQ(fault({{0, 1, 1}, {2, 2, 1}}).index, 1U);
  EXPECT_EQ(fault({{0, 1, PTRDIFF_MAX}, {5, 6, 1}}).fault, PlanFault::too_large);
  EXPECT_EQ(fault({{0, 1, PTRDIFF_MAX}}, 4096).fault, PlanFault::too_large);
  EXPECT_EQ(fault({{0, 1, 1}}, 24).fault, PlanFault::bad_alignment);
  EXPECT_EQ(fault({{0, 1, 1}}, 0).fault, PlanFault::bad_alignment);
}

TEST(MlPlan, the_largest_sum_alive) {
  EXPECT_EQ(ar::ml::largest_alive(std::array{Lifetime{0, 2, 3}, Lifetime{2, 4, 5}, Lifetime{1, 3, 1}}), 6U);
  EXPECT_EQ(ar::ml::largest_alive(std::array{Lifetime{0, 2, SIZE_MAX}, Lifetime{0, 2, SIZE_MAX}}), SIZE_MAX);
  EXPECT_EQ(ar::ml::largest_alive(std::array{Lifetime{2, 2, 3}}), 0U);
}

}  // namespace

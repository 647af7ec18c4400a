// Tests src/ml/plan_search.cpp
// The search against brute force, on many small cases: each of its rules leaves choices out, and must never
// leave out all plans that fit.
#include "ml/plan_search.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <numeric>
#include <random>
#include <string>
#include <vector>

namespace {

using ar::ml::Answer;
using ar::ml::Item;
using ar::ml::Search;
using ar::ml::Units;

bool meet(const Item& one, const Item& other) { return one.first <= other.last && other.first <= one.last; }

// The least total, by every sequence of setting items down on what is there with offsets that never become
// lower: any plan, pushed down, is one of them. No other rule but to stop at what is no better than the best.
class BruteForce {
 public:
  explicit BruteForce(const std::vector<Item>& items) : items_(items), offsets_(items.size(), -1) {}

  Units least() {
    place_next(0, 0, 0);
    return least_;
  }

 private:
  void place_next(std::size_t placed, Units lowest, Units total) {
    if (total >= least_) {
      return;
    }
    if (placed == items_.size()) {
      least_ = total;
      return;
    }
    for (std::size_t index = 0; index < items_.size(); ++index) {
      if (offsets_[index] >= 0) {
        continue;
      }
      Units offset = 0;
      for (std::size_t other = 0; other < items_.size(); ++other) {
        if (offsets_[other] >= 0 && meet(items_[index], items_[other])) {
          offset = std::max(offset, offsets_[other] + items_[other].size);
        }
      }
      if (offset >= lowest) {
        offsets_[index] = offset;
        place_next(placed + 1, offset, std::max(total, offset + items_[index].size));
        offsets_[index] = -1;
      }
    }
  }

  const std::vector<Item>& items_;
  std::vector<Units> offsets_;
  Units least_ = std::numeric_limits<Units>::max();
};

struct Shape {
  std::size_t items;
  std::int32_t steps;
  std::int32_t longest;
  Units largest;
};

std::vector<Item> random_items(std::mt19937& random, const Shape& shape) {
  std::vector<Item> items;
  while (items.size() < shape.items) {
    const auto first = static_cast<std::int32_t>(random() % static_cast<std::uint32_t>(shape.steps));
    const auto length = 1 + static_cast<std::int32_t>(random() % static_cast<std::uint32_t>(shape.longest));
    const std::int32_t last = std::min(first + length, shape.steps) - 1;
    const auto size = 1 + static_cast<Units>(random() % static_cast<std::uint32_t>(shape.largest));
    items.push_back({first, last, size, static_cast<double>(last - first + 1)});
  }
  return items;
}

std::string text_of(const std::vector<Item>& items) {
  std::string text;
  for (const Item& item : items) {
    text += "{" + std::to_string(item.first) + ", " + std::to_string(item.last) + ", " +
            std::to_string(item.size) + "} ";
  }
  return text;
}

void expect_replays(const std::vector<Item>& items, const std::vector<Units>& offsets, Units capacity) {
  for (std::size_t one = 0; one < items.size(); ++one) {
    ASSERT_GE(offsets[one], 0);
    ASSERT_LE(offsets[one] + items[one].size, capacity);
    for (std::size_t other = 0; other < one; ++other) {
      ASSERT_TRUE(!meet(items[one], items[other]) || offsets[one] + items[one].size <= offsets[other] ||
                  offsets[other] + items[other].size <= offsets[one])
          << one << " and " << other << " of " << text_of(items);
    }
  }
}

void compare(const Shape& shape, std::uint32_t seed, int rounds) {
  std::mt19937 random{seed};
  constexpr std::uint64_t any_length = std::numeric_limits<std::uint64_t>::max();
  constexpr auto deadline = Search::Clock::time_point::max();
  for (int round = 0; round < rounds; ++round) {
    const std::vector<Item> items = random_items(random, shape);
    const Units least = BruteForce{items}.least();
    Search search{items, shape.steps};
    ASSERT_EQ(search.fit(least - 1, any_length, deadline), Answer::does_not_fit) << text_of(items);
    ASSERT_EQ(search.fit(least, any_length, deadline), Answer::fits)
        << "into " << least << ": " << text_of(items);
    expect_replays(items, search.offsets(), least);
  }
}

TEST(MlPlanSearch, agrees_with_brute_force_where_many_have_the_same_lifetime) {
  compare({8, 3, 3, 5}, 1, 400);
}

TEST(MlPlanSearch, agrees_with_brute_force_where_lifetimes_cross) { compare({8, 6, 4, 9}, 2, 400); }

TEST(MlPlanSearch, agrees_with_brute_force_where_parts_come_apart) { compare({9, 10, 4, 6}, 3, 200); }

TEST(MlPlanSearch, agrees_with_brute_force_where_sizes_differ_much) { compare({9, 7, 5, 60}, 4, 200); }

TEST(MlPlanSearch, without_time_it_does_not_know) {
  std::mt19937 random{5};
  const std::vector<Item> items = random_items(random, {20, 8, 5, 9});
  Search search{items, 8};
  EXPECT_EQ(search.fit(1'000, 1'000'000, Search::Clock::now()), Answer::unknown);
}

}  // namespace

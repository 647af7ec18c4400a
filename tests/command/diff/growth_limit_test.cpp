// Tests tools/arpent/diff/growth_limit.cpp
#include "arpent/diff/growth_limit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ar::command {
namespace {

using ::testing::ElementsAre;

TEST(GrowthLimit, ReadsBytesBlocksAndPerCent) {
  EXPECT_EQ(growth_limit("0").value().amount, 0);
  EXPECT_EQ(growth_limit("64KiB").value().amount, 65536);
  EXPECT_EQ(growth_limit("1.5 MiB").value().amount, 1572864);
  EXPECT_TRUE(growth_limit("5%").value().per_cent);
  for (const char* const wrong :
       {"", "x", "-1", "5 apples", "inf", "nan", "5%%", "app.profile", "5.profile"}) {
    EXPECT_FALSE(growth_limit(wrong)) << wrong;
  }
}

TEST(GrowthLimit, IsExceededByMoreOnly) {
  EXPECT_FALSE(exceeds({.amount = 0}, 100, 100));
  EXPECT_FALSE(exceeds({.amount = 0}, 100, 50));
  EXPECT_TRUE(exceeds({.amount = 0}, 100, 101));
  EXPECT_FALSE(exceeds({.amount = 5, .per_cent = true}, 100, 105));
  EXPECT_TRUE(exceeds({.amount = 5, .per_cent = true}, 100, 106));
  EXPECT_TRUE(exceeds({.amount = 5, .per_cent = true}, 0, 1));
}

TEST(GrowthLimit, MayBeLeftOut) {
  EXPECT_THAT(with_growth_value({"--fail-on-growth", "a", "b"}),
              ElementsAre("--fail-on-growth", "0", "a", "b"));
  EXPECT_THAT(with_growth_value({"--fail-on-growth", "5%", "a"}), ElementsAre("--fail-on-growth", "5%", "a"));
  EXPECT_THAT(with_growth_value({"a", "b", "--fail-on-growth"}),
              ElementsAre("a", "b", "--fail-on-growth", "0"));
  EXPECT_THAT(with_growth_value({"--fail-on-growth=1", "a"}), ElementsAre("--fail-on-growth=1", "a"));
}

}  // namespace
}  // namespace ar::command

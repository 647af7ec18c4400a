// Tests tools/arpent/top/
// What `arpent top` makes of one look after the other.
#include "arpent/top/live_sites.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arpent/top/top_text.hpp"

namespace ar::command {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

struct Figures {
  std::uint64_t allocations, bytes, live;
};

profile::Site site(std::uint32_t index, const std::string& file, Figures figures) {
  profile::Site made;
  made.index = index;
  made.file = file;
  made.line = 1;
  made.annotated = true;
  made.allocations = figures.allocations;
  made.allocated_bytes = figures.bytes;
  made.live = {.blocks = 1, .bytes = figures.live};
  return made;
}

profile::Profile process(std::vector<profile::Site> sites) {
  profile::Profile made;
  made.pid = 4711;
  made.program = "/usr/bin/server";
  made.sites = std::move(sites);
  for (const profile::Site& each : made.sites) {
    made.totals.allocations += each.allocations;
  }
  return made;
}

TEST(LiveSites, TellRatesAndGrowthBetweenLooks) {
  LiveSites sites;
  sites.look(process({site(1, "a.c", {100, 1000, 500}), site(2, "b.c", {10, 100, 100})}), 10);
  EXPECT_EQ(sites.total().allocations, 0) << "nothing is known of before";
  sites.look(
      process({site(1, "a.c", {300, 3000, 400}), site(2, "b.c", {10, 100, 100}), site(3, "c.c", {1, 7, 7})}),
      12);
  const auto rows = sites.sites(TopOrder::allocations, "");
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].label, "a.c:1");
  EXPECT_DOUBLE_EQ(rows[0].figures.allocations, 100);
  EXPECT_DOUBLE_EQ(rows[0].figures.bytes, 1000);
  EXPECT_EQ(rows[0].figures.grown, -100);
  EXPECT_EQ(sites.sites(TopOrder::grown, "").front().label, "c.c:1") << "a site that is new has grown";
  EXPECT_EQ(sites.total().grown, -93);
  sites.mark();
  EXPECT_EQ(sites.total().grown, 0);
  EXPECT_EQ(sites.seconds_since_mark(), 0);
}

TEST(LiveSites, AddUpTheStacksOfOneSite) {
  LiveSites sites;
  sites.look(process({site(1, "a.c", {1, 10, 10}), site(2, "a.c", {2, 20, 20})}), 0);
  const auto rows = sites.sites(TopOrder::live, "");
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].figures.live.bytes, 30U);
}

TEST(LiveSites, FilterInEitherCase) {
  LiveSites sites;
  sites.look(process({site(1, "Parser.c", {1, 10, 10}), site(2, "b.c", {2, 20, 20})}), 0);
  ASSERT_EQ(sites.sites(TopOrder::live, "pARSer").size(), 1U);
  EXPECT_TRUE(sites.sites(TopOrder::live, "parser2").empty());
}

TEST(LiveSites, BeginAnewWithAnotherProgram) {
  LiveSites sites;
  sites.look(process({site(1, "a.c", {100, 1000, 500})}), 0);
  profile::Profile other = process({site(1, "b.c", {200, 2000, 900})});
  other.program = "/usr/bin/other";
  sites.look(other, 1);
  EXPECT_EQ(sites.sites(TopOrder::live, "").front().label, "b.c:1");
  EXPECT_EQ(sites.total().allocations, 0);
  EXPECT_EQ(sites.total().grown, 0);
}

TEST(TopColumns, LeaveRoomForTheName) {
  EXPECT_THAT(TopColumns(TopOrder::live, TopColumns::unlimited).heading(), HasSubstr("temporary/s"));
  for (const TopOrder order : all_top_orders) {
    const TopColumns narrow{order, 80};
    EXPECT_LE(narrow.width(), 50);
    EXPECT_THAT(narrow.heading(), HasSubstr("]"));
    EXPECT_THAT(narrow.row({.label = "a.c:1", .figures = {}}), EndsWith("  a.c:1"));
  }
  EXPECT_THAT(TopColumns(TopOrder::live, 80).heading(), Not(HasSubstr("temporary/s")));
}

}  // namespace
}  // namespace ar::command

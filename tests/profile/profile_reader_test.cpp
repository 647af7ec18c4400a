// Tests src/profile/read/reader.cpp
#include "profile/read/reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include "profile/example_profile.hpp"
#include "profile/model/call_sites.hpp"
#include "support/profile_builder.hpp"

namespace ar::profile {
namespace {

using testing::build_id;
using testing::example;
using testing::plain_origin;
using testing::ProfileBuilder;

TEST(ProfileReader, JoinsTheSitesOfALibraryThatWasLoadedTwice) {
  ProfileBuilder builder;
  const track::Offset thread = builder.add_thread();
  const std::uint32_t first = builder.add_module("/usr/lib/plugin.so", build_id, 0x10000);
  const std::uint32_t other = builder.add_module("/usr/lib/other.so", build_id, 0x10000);
  const std::uint32_t second = builder.add_module("/usr/lib/plugin.so", build_id, 0x50000);
  const std::uint32_t rebuilt = builder.add_module("/usr/lib/plugin.so", {}, 0x10000);
  for (const auto& [address, module] : {std::pair{0x10123U, first},
                                        {0x10123U, other},
                                        {0x50123U, second},
                                        {0x50124U, second},
                                        {0x10123U, rebuilt}}) {
    track::OriginRecord record = plain_origin(address, module);
    record.lost_blocks = 1;
    record.lost_bytes = module;
    record.reachable_bytes = 10 - module;
    builder.count(thread, builder.add_origin(record),
                  {.allocations = 2, .allocated_bytes = 20, .frees = 1, .freed_bytes = 10, .temporary = 1});
  }
  const auto profile = read_profile(builder.bytes());
  ASSERT_TRUE(profile) << profile.error();
  ASSERT_EQ(profile->sites.size(), 4U);
  const Site& joined = profile->sites[0];
  EXPECT_EQ(joined.module, second - 1);
  EXPECT_EQ(joined.address, 0x50123U);
  EXPECT_EQ(joined.allocations, 4U);
  EXPECT_EQ(joined.live, (BlocksAndBytes{2, 20}));
  EXPECT_EQ(joined.lost, (BlocksAndBytes{2, first + second}));
  EXPECT_EQ(profile->sites[1].module, other - 1);
  EXPECT_EQ(profile->sites[2].address, 0x50124U);
  EXPECT_EQ(profile->sites[3].module, rebuilt - 1);
  EXPECT_EQ(profile->totals.allocations, 10U);
}

TEST(ProfileReader, SumsTheThreadsOfEachSite) {
  const auto profile = read_profile(example().bytes());
  ASSERT_TRUE(profile) << profile.error();
  ASSERT_EQ(profile->sites.size(), 100U);
  const Site& last = profile->sites.back();
  EXPECT_EQ(last.index, 100U);
  EXPECT_EQ(last.address, 0x1064U);
  EXPECT_EQ(last.allocations, 5U);
  EXPECT_EQ(last.frees, 4U);
  EXPECT_EQ(last.temporary, 2U);
  EXPECT_EQ(last.live, (BlocksAndBytes{1, 10}));
  EXPECT_EQ(profile->totals.allocations, 500U);
  EXPECT_EQ(profile->totals.allocated_bytes, 5000U);
  EXPECT_EQ(profile->totals.frees, 400U);
  EXPECT_EQ(profile->totals.lost, (BlocksAndBytes{100, 1000}));
}

TEST(ProfileReader, KnowsTheProcessAndItsModules) {
  const auto profile = read_profile(example().bytes());
  ASSERT_TRUE(profile) << profile.error();
  EXPECT_EQ(profile->pid, 4711);
  EXPECT_EQ(profile->parent_pid, 4710);
  EXPECT_EQ(profile->program, "/usr/bin/example");
  EXPECT_EQ(profile->command_line, "example --fast");
  EXPECT_TRUE(profile->serving);
  ASSERT_EQ(profile->modules.size(), 2U);
  EXPECT_EQ(profile->modules[0].build_id, "dead000f");
  EXPECT_EQ(profile->modules[0].load_bias, 0x1000U);
  EXPECT_EQ(profile->modules[1].path, "/usr/lib/libexample.so");
  EXPECT_EQ(profile->modules[1].build_id, "");
  EXPECT_EQ(profile->sites[0].module, 0U);
}

TEST(ProfileReader, TakesWhatIsLiveFromTheScan) {
  ProfileBuilder builder;
  track::OriginRecord record = plain_origin(1, 0);
  record.lost_blocks = 1, record.lost_bytes = 10;
  record.reachable_blocks = 2, record.reachable_bytes = 200;
  record.runtime_blocks = 4, record.runtime_bytes = 4000;
  // Threads went on after it.
  builder.count(builder.add_thread(), builder.add_origin(record),
                {.allocations = 20, .allocated_bytes = 5000, .frees = 4, .freed_bytes = 500, .temporary = 0});
  const auto profile = read_profile(builder.bytes());
  ASSERT_TRUE(profile) << profile.error();
  EXPECT_EQ(profile->totals.live, (BlocksAndBytes{7, 4210}));
  EXPECT_EQ(profile->sites[0].frees, 13U);
  EXPECT_EQ(profile->sites[0].freed_bytes, 790U);
  EXPECT_EQ(profile->peak_bytes, 4210U);
  builder.header().leak_scan = track::LeakScan::not_done;
  EXPECT_EQ(read_profile(builder.bytes())->totals.live, (BlocksAndBytes{16, 4500}));
}

TEST(ProfileReader, TakesThePeakFromTheValidCapture) {
  ProfileBuilder builder;
  builder.header().leak_scan = track::LeakScan::not_done;
  track::OriginRecord record = plain_origin(1, 0);
  record.peak_blocks[0] = 1, record.peak_bytes[0] = 100;
  record.peak_blocks[1] = 2, record.peak_bytes[1] = 200;
  const track::OriginIndex index = builder.add_origin(record);
  builder.count(builder.add_thread(), index,
                {.allocations = 3, .allocated_bytes = 300, .frees = 0, .freed_bytes = 0, .temporary = 0});
  const auto peak = [&] {
    const auto profile = read_profile(builder.bytes());
    return profile ? profile->sites.at(0).peak : BlocksAndBytes{};
  };
  EXPECT_EQ(peak(), (BlocksAndBytes{3, 300})) << "none captured yet: what is live";
  builder.header().peak_capture = 1;
  EXPECT_EQ(peak(), (BlocksAndBytes{1, 100}));
  builder.header().peak_capture = 2;
  EXPECT_EQ(peak(), (BlocksAndBytes{2, 200}));
  builder.header().peak_pending = 1;
  EXPECT_EQ(peak(), (BlocksAndBytes{3, 300})) << "the present is a newer peak";
}

TEST(ProfileReader, LeavesOutWhatAForkInherited) {
  ProfileBuilder builder = example();
  builder.header().first_own_origin = 99;
  const auto profile = read_profile(builder.bytes());
  ASSERT_TRUE(profile) << profile.error();
  ASSERT_EQ(profile->sites.size(), 2U);
  EXPECT_EQ(profile->sites[0].index, 99U);
  EXPECT_EQ(profile->totals.lost, (BlocksAndBytes{2, 20}));
}

TEST(ProfileReader, CountsIntentionalLeaksApart) {
  ProfileBuilder builder;
  track::OriginRecord record = plain_origin(1, 0);
  record.annotated = 1;
  record.lost_blocks = 1, record.lost_bytes = 8;
  builder.add_origin(record);
  record.intentional = 1;
  record.lost_blocks = 2, record.lost_bytes = 32;
  record.reachable_blocks = 1, record.reachable_bytes = 1;
  builder.add_origin(record);
  const auto profile = read_profile(builder.bytes());
  ASSERT_TRUE(profile) << profile.error();
  EXPECT_EQ(profile->totals.lost, (BlocksAndBytes{1, 8}));
  EXPECT_EQ(profile->totals.reachable, (BlocksAndBytes{0, 0}));
  EXPECT_EQ(profile->totals.intentional, (BlocksAndBytes{3, 33}));
}

TEST(ProfileReader, ReadsStacks) {
  const auto profile = read_profile(example().bytes());
  ASSERT_TRUE(profile) << profile.error();
  ASSERT_EQ(profile->stack_nodes.size(), 102U);
  const StackNode& innermost = profile->stack_nodes.at(profile->sites.at(4).stack);
  EXPECT_EQ(innermost.address, 0x1005U);
  EXPECT_EQ(innermost.module, 0U);
  EXPECT_EQ(profile->stack_nodes.at(innermost.caller).address, 0x1900U);
  EXPECT_EQ(profile->stack_nodes.at(innermost.caller).caller, no_stack);
}

TEST(ProfileReader, ReadsThreadsTimelineAndMoments) {
  ProfileBuilder builder = example();
  const track::Offset first = builder.header().threads;
  std::strcpy(builder.at_offset<track::ThreadRecord>(first).name, "gardener");
  builder.at_offset<track::ThreadRecord>(builder.add_thread()).is_blank = 1;
  builder.header().timeline_count = 4;
  builder.header().timeline[0] = {.milliseconds = 0, .live_bytes = 1, .resident_bytes = 10};
  builder.header().timeline[1] = {.milliseconds = 20, .live_bytes = 2, .resident_bytes = 20};
  builder.header().timeline[2] = {
      .milliseconds = 10, .live_bytes = 7, .resident_bytes = 70};  // being thinned
  builder.header().timeline[3] = {.milliseconds = 30, .live_bytes = 3, .resident_bytes = 30};
  builder.header().peak_milliseconds = 25;
  builder.add_moment("ready", 17, 4);
  const auto profile = read_profile(builder.bytes());
  ASSERT_TRUE(profile) << profile.error();
  ASSERT_EQ(profile->threads.size(), 2U);
  EXPECT_EQ(profile->threads[0].name, "gardener");
  EXPECT_EQ(profile->threads[0].frees, 400U);
  EXPECT_EQ(profile->threads[1].allocations, 500U);
  ASSERT_EQ(profile->sites[0].threads.size(), 1U);
  EXPECT_EQ(profile->sites[0].threads[0].thread, 1U);
  EXPECT_EQ(profile->sites[0].threads[0].allocated_bytes, 50U);
  ASSERT_EQ(profile->timeline.size(), 3U);
  EXPECT_EQ(profile->timeline[2].live_bytes, 3U);
  EXPECT_EQ(profile->peak_milliseconds, 25U);
  ASSERT_EQ(profile->moments.size(), 1U);
  EXPECT_EQ(profile->moments[0].label, "ready");
  EXPECT_EQ(profile->moments[0].milliseconds, 17U);
}

TEST(ProfileReader, PutsOwnedSitesToTheirOwners) {
  ProfileBuilder builder;
  track::OriginRecord record = plain_origin(0, 0);
  record.family = track::Family::owned;
  record.annotated = 1;
  record.description = builder.text("token");
  record.owner = 2;
  const track::OriginIndex token = builder.add_origin(record);
  record.description = builder.text("arena");
  const track::OriginIndex arena = builder.add_origin(record);
  ASSERT_EQ(arena, 2U);
  record.description = builder.text("collecting");
  record.owner = 0;
  builder.add_origin(record);
  const track::OriginIndex plain = builder.add_origin(plain_origin(0x1234, 0));
  const track::Offset thread = builder.add_thread();
  builder.count(thread, token,
                {.allocations = 5, .allocated_bytes = 50, .frees = 3, .freed_bytes = 30, .temporary = 0});
  builder.count(thread, arena,
                {.allocations = 1, .allocated_bytes = 0, .frees = 0, .freed_bytes = 0, .temporary = 0});
  builder.count(thread, plain,
                {.allocations = 1, .allocated_bytes = 4096, .frees = 0, .freed_bytes = 0, .temporary = 0});

  const auto profile = read_profile(builder.bytes());
  ASSERT_TRUE(profile) << profile.error();
  ASSERT_EQ(profile->sites.size(), 1U);
  EXPECT_EQ(profile->totals.allocated_bytes, 4096U) << "owned blocks are in no total";
  ASSERT_EQ(profile->owners.size(), 1U)
      << "what stands ready for the case that there is no room is not shown";
  EXPECT_EQ(profile->owners[0].site.description, "arena");
  EXPECT_EQ(profile->owners[0].site.allocations, 1U);
  ASSERT_EQ(profile->owners[0].contents.size(), 1U);
  EXPECT_EQ(profile->owners[0].contents[0].live, (BlocksAndBytes{2, 20}));
}

TEST(ProfileReader, KnowsTheTypeInADescription) {
  const auto type_of = [](std::string_view description, bool annotated = true) {
    ProfileBuilder builder;
    track::OriginRecord record = plain_origin(0, 0);
    record.annotated = annotated ? 1 : 0;
    record.language = track::Language::cpp;
    record.description = builder.text(description);
    builder.add_origin(record);
    return read_profile(builder.bytes())->sites.at(0).type;
  };
  EXPECT_EQ(type_of("agent [Agent]"), "Agent");
  EXPECT_EQ(type_of("scores [all] [float[]]"), "float[]");
  EXPECT_EQ(type_of("agent"), "");
  EXPECT_EQ(type_of("agent [Agent] of old"), "");
  EXPECT_EQ(type_of("slot[3]"), "");
  EXPECT_EQ(type_of("]"), "");
  EXPECT_EQ(type_of("a]]"), "");
  EXPECT_EQ(type_of("agent [Agent]", false), "");
}

TEST(ProfileReader, JoinsTheStacksOfALibraryThatWasLoadedTwice) {
  ProfileBuilder builder;
  const track::Offset thread = builder.add_thread();
  const std::uint32_t program = builder.add_module("/usr/bin/example", {}, 0x1000);
  const track::NodeIndex outermost = builder.add_stack_node(0x1900, program, 0);
  for (const std::uint64_t load_bias : {std::uint64_t{0x10000}, std::uint64_t{0x30000}}) {
    const std::uint32_t plugin = builder.add_module("/usr/lib/plugin.so", build_id, load_bias);
    const track::NodeIndex middle = builder.add_stack_node(load_bias + 0x20, plugin, outermost);
    for (const std::uint64_t place : {0x40U, 0x50U}) {
      track::OriginRecord record = plain_origin(load_bias + place, plugin);
      record.stack = builder.add_stack_node(record.address, plugin, middle);
      builder.count(thread, builder.add_origin(record),
                    {.allocations = 1, .allocated_bytes = 8, .frees = 0, .freed_bytes = 0, .temporary = 0});
    }
  }
  const auto profile = read_profile(builder.bytes());
  ASSERT_TRUE(profile) << profile.error();
  ASSERT_EQ(profile->sites.size(), 2U);
  EXPECT_EQ(profile->stack_nodes.size(), 5U);
  for (const Site& site : profile->sites) {
    EXPECT_EQ(site.allocations, 2U);
    const StackNode& innermost = profile->stack_nodes.at(site.stack);
    EXPECT_EQ(innermost.address, site.address);
    EXPECT_EQ(profile->stack_nodes.at(innermost.caller).address, 0x30020U);
  }
}

TEST(JoinStacks, MakesOneSiteOfThoseThatDifferInTheirStacksAlone) {
  ProfileBuilder builder;
  const track::Offset thread = builder.add_thread();
  const std::uint32_t program = builder.add_module("/usr/bin/example", {}, 0x1000);
  for (const std::uint64_t caller : {0x1900U, 0x1a00U, 0x1b00U}) {
    track::OriginRecord record = plain_origin(0x1040, program);
    record.stack = builder.add_stack_node(0x1040, program, builder.add_stack_node(caller, program, 0));
    record.lost_blocks = 1;
    record.lost_bytes = 10;
    builder.count(thread, builder.add_origin(record),
                  {.allocations = 5, .allocated_bytes = 50, .frees = 4, .freed_bytes = 40, .temporary = 2});
    record.family = track::Family::new_object;
    builder.add_origin(record);
  }
  auto profile = read_profile(builder.bytes());
  ASSERT_TRUE(profile) << profile.error();
  EXPECT_EQ(profile->sites.size(), 6U);
  join_stacks(*profile);
  ASSERT_EQ(profile->sites.size(), 2U);
  EXPECT_EQ(profile->sites[0].allocations, 15U);
  EXPECT_EQ(profile->sites[0].live, (BlocksAndBytes{3, 30}));
  EXPECT_EQ(profile->sites[0].lost.blocks, 3U);
  EXPECT_EQ(profile->sites[0].temporary, 6U);
  EXPECT_EQ(profile->sites[0].stack, no_stack);
}

TEST(ProfileReader, NeverShowsMoreFreedThanAllocated) {
  ProfileBuilder builder;
  const track::OriginIndex index = builder.add_origin(plain_origin(1, 0));
  builder.count(builder.add_thread(), index,
                {.allocations = 1, .allocated_bytes = 8, .frees = 2, .freed_bytes = 16, .temporary = 0});
  const auto profile = read_profile(builder.bytes());
  ASSERT_TRUE(profile) << profile.error();
  EXPECT_EQ(profile->sites[0].live, (BlocksAndBytes{0, 0}));
}

}  // namespace
}  // namespace ar::profile

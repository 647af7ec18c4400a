// Tests src/profile/
// What is made of profiles: packing, merging, comparing, choosing, and the formats of other tools.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "profile/change/difference.hpp"
#include "profile/change/merge.hpp"
#include "profile/change/selection.hpp"
#include "profile/change/suppressions.hpp"
#include "profile/model/totals.hpp"
#include "profile/read/gzip.hpp"
#include "profile/read/packed_profile.hpp"
#include "profile/read/profile_file.hpp"
#include "profile/symbols/demangled_name.hpp"
#include "profile/symbols/function_name.hpp"
#include "profile/write/call_tree.hpp"
#include "profile/write/difference_writers.hpp"
#include "profile/write/flame_writers.hpp"
#include "profile/write/json_writer.hpp"
#include "profile/write/leak_writers.hpp"
#include "profile/write/pprof_writer.hpp"
#include "profile/write/profile_report.hpp"

namespace ar::profile {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

template <typename Expected>
std::string why(const Expected& result) {
  return result ? std::string{} : result.error();
}

// Two modules that are on no machine, so that places read module+0xoffset; main (0x10) calls parse (0x20),
// and both allocate through grow (0x30 of the library).
class Example {
 public:
  Example() {
    profile.pid = 4711;
    profile.parent_pid = 4710;
    profile.start_time = 1'700'000'000;
    profile.state = track::RunState::exited;
    profile.leak_scan = track::LeakScan::done;
    profile.mode = 2;
    profile.serving = true;
    profile.peak_bytes = 5000;
    profile.program = "/nowhere/app";
    profile.command_line = "app --fast \xff";
    profile.modules = {
        {.path = "/nowhere/app", .build_id = "aabbccdd", .start = 0x1000, .end = 0x2000, .load_bias = 0x1000},
        {.path = "/nowhere/libgrow.so",
         .build_id = "11223344",
         .start = 0x7000,
         .end = 0x8000,
         .load_bias = 0x7000}};
    profile.stack_nodes = {{},
                           {.address = 0x1010, .module = 0, .caller = no_stack},  // 1: main
                           {.address = 0x1020, .module = 0, .caller = 1},         // 2: parse
                           {.address = 0x7030, .module = 1, .caller = 1},         // 3: grow, from main
                           {.address = 0x7030, .module = 1, .caller = 2},         // 4: grow, from parse
                           {.address = 0xf00d, .module = {}, .caller = 2}};       // 5: compiled at run time
    profile.threads = {
        {.tid = 7, .name = "main", .allocations = 8, .allocated_bytes = 800, .frees = 1, .freed_bytes = 10},
        {.tid = -1, .name = "", .allocations = 2, .allocated_bytes = 200, .frees = 0, .freed_bytes = 0}};
    profile.timeline = {{.milliseconds = 10, .live_bytes = 100, .resident_bytes = 4096},
                        {.milliseconds = 20, .live_bytes = 5000, .resident_bytes = 8192}};
    profile.moments = {{.milliseconds = 15, .label = "warm", .live_bytes = 77}};
    Site from_main = site(1, 3, 4, 400);
    from_main.lost = {1, 100};
    from_main.threads = {{.thread = 0, .allocations = 3, .allocated_bytes = 300},
                         {.thread = 1, .allocations = 1, .allocated_bytes = 100}};
    Site from_parse = site(2, 4, 6, 600);
    from_parse.lost = {2, 50};
    from_parse.lifetimes[3] = 9;
    from_parse.sizes[histogram_buckets - 1] = 1;
    from_parse.type = "Node";
    Site jit = site(3, 5, 1, 8);
    Site annotated;
    annotated.index = 4;
    annotated.file = "/home/me/src/tree.c";
    annotated.line = 41;
    annotated.description = "node";
    annotated.annotated = true;
    annotated.family = track::Family::ar_heap;
    annotated.language = track::Language::c;
    annotated.allocations = 1;
    annotated.allocated_bytes = 16;
    annotated.lost = {1, 16};
    profile.sites = {from_main, from_parse, jit, annotated};
    profile.totals = totals_of(profile.sites);
    profile.owners = {
        {.site = owned(5, "arena", 3), .contents = {owned(6, "token", 7), owned(7, "edge", 2)}}};
    profile.owners.front().contents.front().stack = 4;
    profile.owners.front().contents.front().threads = {
        {.thread = 1, .allocations = 7, .allocated_bytes = 700}};
  }

  Profile profile;

 private:
  static Site owned(std::uint32_t index, const char* description, std::uint64_t blocks) {
    Site made;
    made.index = index;
    made.file = "/home/me/src/parse.cpp";
    made.line = index;
    made.description = description;
    made.annotated = true;
    made.family = track::Family::owned;
    made.allocations = blocks;
    made.allocated_bytes = blocks * 100;
    return made;
  }
  Site site(std::uint32_t index, std::uint32_t stack, std::uint64_t blocks, std::uint64_t bytes) const {
    Site made;
    made.index = index;
    made.stack = stack;
    made.address = profile.stack_nodes.at(stack).address;
    made.module = profile.stack_nodes.at(stack).module;
    made.family = track::Family::malloc_family;
    made.allocations = blocks;
    made.allocated_bytes = bytes;
    made.live = {blocks, bytes};
    made.peak = {blocks, bytes};
    return made;
  }
};

std::string json_of(const Profile& profile) {
  Symbolizer symbolizer;
  return json_report(profile, symbolizer, "1", {});
}

TEST(PackedProfile, HoldsAllOfAProfile) {
  const Example example;
  const auto back = unpacked(packed(example.profile));
  ASSERT_TRUE(back) << back.error();
  EXPECT_EQ(packed(*back), packed(example.profile));
  EXPECT_EQ(json_of(*back), json_of(example.profile));
  EXPECT_EQ(back->command_line, example.profile.command_line) << "bytes that are no UTF-8";
  EXPECT_EQ(back->threads.at(1).tid, -1);
  EXPECT_EQ(back->sites.at(1).sizes, example.profile.sites.at(1).sizes);
  EXPECT_EQ(back->sites.at(0).threads.at(1).allocations, 1U);
  EXPECT_EQ(back->timeline.at(1).resident_bytes, 8192U);
  EXPECT_EQ(back->moments.at(0).label, "warm");
  EXPECT_EQ(back->owners.at(0).site.description, "arena");
  EXPECT_EQ(back->owners.at(0).contents.at(0).threads.at(0).allocations, 7U);
  EXPECT_EQ(back->totals.lost, (BlocksAndBytes{4, 166}));
}

TEST(PackedProfile, RefusesWhatIsDamaged) {
  const Example example;
  const std::string whole = packed(example.profile);
  EXPECT_FALSE(unpacked("")) << "no version";
  for (std::size_t length = 1; length < whole.size(); ++length) {
    // Cut between two fields it is a shorter profile; what it refers to must be there all the same.
    if (const auto part = unpacked(whole.substr(0, length))) {
      EXPECT_LE(part->sites.size(), example.profile.sites.size());
    }
  }
  Profile wrong = example.profile;
  wrong.stack_nodes[2].caller = 4;
  EXPECT_THAT(why(unpacked(packed(wrong))), HasSubstr("before its caller"));
  wrong = example.profile;
  wrong.sites[0].stack = 99;
  EXPECT_THAT(why(unpacked(packed(wrong))), HasSubstr("stack node 99 of 6"));
  wrong = example.profile;
  wrong.sites[0].module = 2;
  EXPECT_THAT(why(unpacked(packed(wrong))), HasSubstr("module 3 of 2"));
  wrong = example.profile;
  wrong.sites[0].threads[0].thread = 2;
  EXPECT_THAT(why(unpacked(packed(wrong))), HasSubstr("thread 2 of 2"));
  wrong = example.profile;
  wrong.unscanned_processes = 2;
  EXPECT_THAT(why(unpacked(packed(wrong))), HasSubstr("of 1 processes, 2 of them not scanned"));
  const std::string of_none{"\x10\0", 2};
  EXPECT_THAT(why(unpacked(packed(example.profile) + of_none)), HasSubstr("of 0 processes"));
}

TEST(PackedProfile, ComesBackFromAPprofProfile) {
  const Example example;
  Symbolizer symbolizer;
  const std::string gzip = pprof_profile(example.profile, symbolizer);
  ASSERT_TRUE(is_gzip(gzip));
  const auto back = read_pprof_profile(gzip);
  ASSERT_TRUE(back) << back.error();
  EXPECT_EQ(packed(*back), packed(example.profile));
  EXPECT_THAT(why(read_pprof_profile(gzip.substr(0, gzip.size() / 2))), HasSubstr("ends too early"));
  EXPECT_THAT(why(read_pprof_profile(compressed(std::string_view{"\x0a\x00", 2}))),
              HasSubstr("not written by Arpent"));
  EXPECT_THAT(why(read_pprof_profile(compressed("\xff"))), HasSubstr("damaged"));
}

TEST(Gzip, GivesBackWhatWentIn) {
  const std::string large(300'000, 'x');
  for (const std::string& text : {std::string{}, std::string{"a"}, large}) {
    EXPECT_EQ(decompressed(compressed(text), large.size()).value(), text);
  }
  EXPECT_THAT(why(decompressed(compressed(large), 1000)), HasSubstr("more than 1000 bytes"));
}

TEST(Suppressions, MatchAsLeakSanitizersDo) {
  EXPECT_TRUE(matches_pattern("grow", "outgrown"));
  EXPECT_FALSE(matches_pattern("grow", "Grow"));
  EXPECT_TRUE(matches_pattern("^out", "outgrown"));
  EXPECT_FALSE(matches_pattern("^grow", "outgrown"));
  EXPECT_TRUE(matches_pattern("grown$", "outgrown"));
  EXPECT_FALSE(matches_pattern("grow$", "outgrown"));
  EXPECT_TRUE(matches_pattern("^outgrown$", "outgrown"));
  EXPECT_FALSE(matches_pattern("^outgrow$", "outgrown"));
  EXPECT_TRUE(matches_pattern("o*w", "outgrown"));
  EXPECT_TRUE(matches_pattern("^o*n$", "outgrown"));
  EXPECT_FALSE(matches_pattern("^ab*ba$", "aba")) << "the two pieces must not share a letter";
  EXPECT_TRUE(matches_pattern("^*end$", "the end"));
  EXPECT_TRUE(matches_pattern("a*b*c", "xaxbxcx"));
  EXPECT_FALSE(matches_pattern("a*c*b", "abc"));
}

TEST(Suppressions, ReadTheirFile) {
  const auto read = Suppressions::parsed("# a comment\n\n  leak:one  \r\nleak:^two$");
  ASSERT_TRUE(read) << read.error();
  EXPECT_TRUE(read->match("someone"));
  EXPECT_TRUE(read->match("two"));
  EXPECT_FALSE(read->match("twofold"));
  EXPECT_FALSE(read->match(""));
  EXPECT_THAT(why(Suppressions::parsed("leak:a\nrace:b")), HasSubstr("line 2 is 'race:b'"));
  EXPECT_THAT(why(Suppressions::parsed("leak:")), HasSubstr("line 1"));
  EXPECT_THAT(why(Suppressions::parsed("leak:*")), HasSubstr("line 1")) << "it would hide everything";
}

TEST(Suppressions, TakeLeaksAwayByAnyFrame) {
  Symbolizer symbolizer;
  Example example;
  suppress_leaks(example.profile, Suppressions::parsed("leak:app+0x20").value(), symbolizer);
  EXPECT_EQ(example.profile.totals.lost, (BlocksAndBytes{2, 116})) << "parse is a caller of one of them";
  EXPECT_EQ(example.profile.totals.suppressed, (BlocksAndBytes{2, 50}));
  suppress_leaks(example.profile, Suppressions::parsed("leak:libgrow.so\nleak:src/tree.c").value(),
                 symbolizer);
  EXPECT_EQ(example.profile.totals.lost, BlocksAndBytes{});
  EXPECT_EQ(example.profile.totals.suppressed, (BlocksAndBytes{4, 166}));
  EXPECT_THAT(sarif_leaks(example.profile, symbolizer, "1"), HasSubstr("\"suppressions\""));
  EXPECT_THAT(junit_leaks(example.profile, symbolizer), HasSubstr("failures=\"0\""));
}

TEST(Suppressions, LeaveIntentionalLeaksAsTheyAre) {
  Symbolizer symbolizer;
  Example example;
  example.profile.sites[3].intentional = true;
  suppress_leaks(example.profile, Suppressions::parsed("leak:tree.c").value(), symbolizer);
  EXPECT_EQ(example.profile.totals.intentional, (BlocksAndBytes{1, 16}));
  EXPECT_EQ(example.profile.totals.suppressed, BlocksAndBytes{});
}

TEST(Selection, ChoosesByAnyFrameDescriptionOrType) {
  Symbolizer symbolizer;
  const auto bytes_left = [&](const std::string& focus, const std::string& ignore) {
    Example example;
    const std::size_t removed = Selection::parsed(focus, ignore).value().apply(example.profile, symbolizer);
    EXPECT_EQ(removed + example.profile.sites.size(), 4U);
    return example.profile.totals.allocated_bytes;
  };
  EXPECT_EQ(bytes_left("", ""), 1024U);
  EXPECT_EQ(bytes_left("0x20$", ""), 608U);
  EXPECT_EQ(bytes_left("^node$", ""), 16U);
  EXPECT_EQ(bytes_left("^Node$", ""), 600U);
  EXPECT_EQ(bytes_left("", "libgrow"), 24U);
  EXPECT_EQ(bytes_left("app", "0x20"), 400U);

  Example example;
  Selection::parsed("^token$", "").value().apply(example.profile, symbolizer);
  ASSERT_EQ(example.profile.owners.size(), 1U);
  EXPECT_EQ(example.profile.owners[0].contents.size(), 1U);
  Selection::parsed("", "token").value().apply(example.profile, symbolizer);
  EXPECT_TRUE(example.profile.owners.empty()) << "of which nothing is left";
  EXPECT_THAT(why(Selection::parsed("a(", "")), HasSubstr("--focus 'a(' is no regular expression"));
  EXPECT_THAT(why(Selection::parsed("", "[")), HasSubstr("--ignore"));
}

TEST(Merge, SumsUpWhatIsTheSamePlace) {
  Example one;
  Example two;
  // The same files at other addresses, and in another order.
  std::swap(two.profile.modules[0], two.profile.modules[1]);
  const std::uint64_t moved = 0x100000;
  for (Module& module : two.profile.modules) {
    module.load_bias += moved;
  }
  for (StackNode& node : two.profile.stack_nodes) {
    if (node.module) {
      node.module = 1 - *node.module;
      node.address += moved;
    }
  }
  for (Site& site : two.profile.sites) {
    if (site.module) {
      site.module = 1 - *site.module;
      site.address += moved;
    }
  }
  const Profile sum = merged(std::vector{one.profile, two.profile});
  EXPECT_EQ(sum.processes, 2U);
  EXPECT_EQ(sum.pid, 0);
  EXPECT_EQ(sum.modules.size(), 2U);
  EXPECT_EQ(sum.sites.size(), 5U) << "what was compiled at run time is each process's own";
  EXPECT_EQ(sum.stack_nodes.size(), 7U);
  EXPECT_EQ(sum.totals.allocated_bytes, 2048U);
  EXPECT_EQ(sum.totals.lost, (BlocksAndBytes{8, 332}));
  EXPECT_EQ(sum.peak_bytes, 10000U);
  ASSERT_EQ(sum.owners.size(), 1U);
  EXPECT_EQ(sum.owners[0].site.allocations, 6U);
  ASSERT_EQ(sum.owners[0].contents.size(), 2U);
  EXPECT_EQ(sum.owners[0].contents[0].allocations, 14U);
  EXPECT_EQ(sum.sites[0].allocations, 8U);
  EXPECT_EQ(sum.sites[0].threads.at(0).allocations, 6U) << "threads of one name are one";
  EXPECT_EQ(sum.threads.size(), 3U) << "those without a name are not";
  EXPECT_EQ(sum.sites[1].lifetimes[3], 18U);
  EXPECT_TRUE(sum.timeline.empty()) << "two clocks";
  EXPECT_EQ(sum.leak_scan, track::LeakScan::done);
  EXPECT_TRUE(unpacked(packed(sum)));
}

TEST(Merge, OfMoreProcessesThanCanBeCountedIsOfAllThatCan) {
  Example example;
  example.profile.processes = std::uint32_t{1} << 31U;
  const Profile sum = merged(std::vector{example.profile, example.profile});
  EXPECT_EQ(sum.processes, ~std::uint32_t{0});
  EXPECT_TRUE(unpacked(packed(sum)));
}

TEST(Merge, OfOneIsThatOne) {
  const Example example;
  EXPECT_EQ(packed(merged(std::vector{example.profile})), packed(example.profile));
}

TEST(Merge, TellsOfHowManyLeaksAreNotKnown) {
  Example scanned;
  Example killed;
  killed.profile.leak_scan = track::LeakScan::not_done;
  killed.profile.state = track::RunState::running;
  const Profile sum = merged(std::vector{scanned.profile, killed.profile, killed.profile});
  EXPECT_EQ(sum.leak_scan, track::LeakScan::done);
  EXPECT_EQ(sum.unscanned_processes, 2U);
  EXPECT_EQ(sum.state, track::RunState::running);
  const Profile again = merged(std::vector{sum, scanned.profile});
  EXPECT_EQ(again.processes, 4U);
  EXPECT_EQ(again.unscanned_processes, 2U);
  EXPECT_EQ(merged(std::vector{killed.profile, killed.profile}).leak_scan, track::LeakScan::not_done);
}

TEST(Difference, FindsNewGoneAndGrownSites) {
  Symbolizer symbolizer;
  Example before;
  Example after;
  after.profile.sites[0].peak.bytes += 1000;  // grew
  after.profile.sites[1].stack = 5;           // gone from here, more there
  after.profile.sites[1].address = 0xf00d;
  after.profile.sites[1].module = {};
  after.profile.sites[3].line = 99;  // the same, in another build
  after.profile.sites[3].file = "/build/7/src/tree.c";
  after.profile.totals = totals_of(after.profile.sites);
  const Difference found =
      difference(before.profile, after.profile, Metric::peak, Grouping::site, symbolizer);
  EXPECT_EQ(found.growth(), 1000);
  std::vector<std::pair<std::int64_t, Change>> changes;
  for (const ChangedSite& site : found.sites) {
    changes.emplace_back(site.growth, site.change);
  }
  // Type is part of what a site is: what moved to the place of another one is new there.
  EXPECT_THAT(changes, ElementsAre(std::pair{1000, Change::grown}, std::pair{600, Change::created},
                                   std::pair{0, Change::unchanged}, std::pair{0, Change::unchanged},
                                   std::pair{-600, Change::gone}));
  const std::string text = text_difference(found, {"a", "b"}, {}, {"careful"});
  EXPECT_THAT(text, HasSubstr("1 new, 1 grown, 2 unchanged, 0 shrunk, 1 gone"));
  EXPECT_THAT(text, HasSubstr("careful"));
  const auto json = nlohmann::json::parse(json_difference(found, {"a", "b"}, "1", {}));
  EXPECT_EQ(json["sites"].size(), 5U);
  EXPECT_EQ(json["sites"][1]["change"], "new");
  EXPECT_EQ(json["growth"], 1000);
}

TEST(Difference, ComparesWhatIsLiveOfTwoMomentsOfAProcess) {
  Example one;
  Example two;
  EXPECT_EQ(usual_metric(one.profile, two.profile), Metric::live);
  two.profile.start_time += 1;
  EXPECT_EQ(usual_metric(one.profile, two.profile), Metric::peak);
}

TEST(CallTree, AddsUpFromBothEnds) {
  Symbolizer symbolizer;
  const Example example;
  StackFrames frames{example.profile, symbolizer};
  const TreeNode down = call_tree(example.profile, Metric::total, TreeDirection::top_down, frames);
  EXPECT_EQ(down.value, 1024U);
  ASSERT_EQ(down.children.size(), 2U);
  EXPECT_EQ(down.children[0].label, "app+0x10");
  EXPECT_EQ(down.children[0].value, 1008U);
  ASSERT_EQ(down.children[0].children.size(), 2U);
  EXPECT_EQ(down.children[0].children[0].label, "app+0x20");
  EXPECT_EQ(down.children[0].children[0].value, 608U);
  const TreeNode up = call_tree(example.profile, Metric::total, TreeDirection::bottom_up, frames);
  EXPECT_EQ(up.children[0].label, "libgrow.so+0x30");
  EXPECT_EQ(up.children[0].value, 1000U);
  EXPECT_THAT(tree_text(up, Metric::total, 1), HasSubstr("(2 more)"));
}

TEST(FlameWriters, FoldStacks) {
  Symbolizer symbolizer;
  const Example example;
  EXPECT_EQ(collapsed_stacks(example.profile, symbolizer, Metric::leaked),
            "app+0x10;app+0x20;libgrow.so+0x30 50\n"
            "app+0x10;libgrow.so+0x30 100\n"
            "tree.c:41 16\n");
}

TEST(FlameWriters, GiveSpeedscopeEveryMetric) {
  Symbolizer symbolizer;
  const Example example;
  const auto json =
      nlohmann::json::parse(speedscope_profile(example.profile, symbolizer, Metric::leaked, "1"));
  ASSERT_EQ(json["profiles"].size(), 5U) << "nothing was temporary";
  EXPECT_EQ(json["profiles"][0]["name"], "definitely lost bytes");
  EXPECT_EQ(json["profiles"][0]["endValue"], 166);
  EXPECT_EQ(json["profiles"][0]["samples"].size(), json["profiles"][0]["weights"].size());
}

TEST(LeakWriters, SayWhenNobodyLooked) {
  Symbolizer symbolizer;
  Example example;
  EXPECT_THAT(junit_leaks(example.profile, symbolizer), HasSubstr("tests=\"3\" failures=\"3\" errors=\"0\""));
  example.profile.leak_scan = track::LeakScan::not_done;
  EXPECT_THAT(junit_leaks(example.profile, symbolizer), HasSubstr("tests=\"1\" failures=\"0\" errors=\"1\""));
  EXPECT_THAT(sarif_leaks(example.profile, symbolizer, "1"), HasSubstr("\"executionSuccessful\": false"));
}

TEST(ProfileReport, ShowsRowsOfEachKind) {
  Symbolizer symbolizer;
  const Example example;
  const auto text = [&](Grouping grouping) {
    return text_report(example.profile, symbolizer,
                       {.metric = Metric::total, .grouping = grouping, .tree = {}, .text = {}}, {});
  };
  EXPECT_THAT(text(Grouping::module), HasSubstr("/nowhere/libgrow.so"));
  EXPECT_THAT(text(Grouping::type), HasSubstr("(no type)"));
  EXPECT_THAT(text(Grouping::description), HasSubstr("node"));
  EXPECT_THAT(text(Grouping::file), HasSubstr("/home/me/src/tree.c"));
  EXPECT_THAT(text(Grouping::thread), HasSubstr("300 B            3  main"));
  EXPECT_THAT(text(Grouping::thread), HasSubstr("thread -1"));
  EXPECT_THAT(text(Grouping::stack), HasSubstr("libgrow.so+0x30\n"));
  EXPECT_THAT(text(Grouping::stack), HasSubstr("  app+0x20\n"));
  EXPECT_THAT(text(Grouping::function), HasSubstr("libgrow.so+0x30"));
  EXPECT_THAT(text(Grouping::function), HasSubstr("moment      \"warm\" after 0.015 s: 77 B live"));
}

TEST(ProfileReport, TellsWhichModulesHaveNoNames) {
  Symbolizer symbolizer;
  const Example example;
  const std::string text = text_report(example.profile, symbolizer, {}, {});
  EXPECT_THAT(text, HasSubstr("/nowhere/libgrow.so is not on this machine"));
}

TEST(FunctionName, ReadsRusts) {
  EXPECT_EQ(demangled("_ZN4core3fmt5write17h0123456789abcdefE"), "core::fmt::write");
  EXPECT_EQ(
      demangled("_ZN60_$LT$alloc..string..String$u20$as$u20$core..fmt..Display$GT$3fmt17h00112233aabbccddE"),
      "<alloc::string::String as core::fmt::Display>::fmt");
  EXPECT_EQ(demangled("_RNvNtCs1234_7mycrate3foo3bar"), "mycrate::foo::bar");
  EXPECT_EQ(demangled("_RNvMs_Cs4fqI2P2rA04_13const_genericINtB4_8UnsignedKhb_E3run"),
            "<const_generic::Unsigned<11>>::run");
  EXPECT_EQ(demangled("_Rnonsense"), "_Rnonsense");
  EXPECT_EQ(demangled("_ZN2ns4hashEv"), "ns::hash()") << "C++";
}

TEST(Symbolizer, NeverNamesAnotherBuild) {
  Symbolizer symbolizer;
  Profile profile;
  profile.modules = {{.path = "/proc/self/exe", .build_id = "0123456789"}};
  const Location& location = symbolizer.locate(profile, std::size_t{0}, 0x1000);
  EXPECT_FALSE(location.has_debug_information);
  EXPECT_TRUE(location.user().function.empty());
  ASSERT_EQ(symbolizer.problems().size(), 1U);
  EXPECT_THAT(symbolizer.problems().front(), HasSubstr("is another build than the one that was recorded"));
}

}  // namespace
}  // namespace ar::profile

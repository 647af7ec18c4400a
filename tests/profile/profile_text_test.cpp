// Tests src/profile/write/
// Numbers, names and the reports themselves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "profile/model/survey.hpp"
#include "profile/model/text_format.hpp"
#include "profile/symbols/demangled_name.hpp"
#include "profile/symbols/function_name.hpp"
#include "profile/write/json_writer.hpp"
#include "profile/write/text_writer.hpp"

namespace ar::profile {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(TextFormat, SeparatesThousands) {
  EXPECT_EQ(with_separators(0), "0");
  EXPECT_EQ(with_separators(999), "999");
  EXPECT_EQ(with_separators(1000), "1,000");
  EXPECT_EQ(with_separators(1234567), "1,234,567");
  EXPECT_EQ(with_separators(~std::uint64_t{0}), "18,446,744,073,709,551,615");
}

TEST(TextFormat, ShowsSizesInBinaryUnits) {
  EXPECT_EQ(as_size(0), "0 B");
  EXPECT_EQ(as_size(1023), "1023 B");
  EXPECT_EQ(as_size(1024), "1.0 KiB");
  EXPECT_EQ(as_size(1536), "1.5 KiB");
  EXPECT_EQ(as_size((1U << 20U) - 1), "1.0 MiB") << "not 1024.0 KiB";
  EXPECT_EQ(as_size(5ULL << 30U), "5.0 GiB");
  EXPECT_EQ(as_size(~std::uint64_t{0}), "16.0 EiB");
}

TEST(TextFormat, ShowsSharesWithoutClaimingNothingOrAll) {
  EXPECT_EQ(as_share(0, 0), "0 %");
  EXPECT_EQ(as_share(5, 0), "0 %");
  EXPECT_EQ(as_share(1, 1000000), "<1 %");
  EXPECT_EQ(as_share(1, 3), "33 %");
  EXPECT_EQ(as_share(999999, 1000000), ">99 %");
  EXPECT_EQ(as_share(7, 7), "100 %");
}

TEST(TextFormat, CountsInWords) {
  EXPECT_EQ(counted(1, "block"), "1 block");
  EXPECT_EQ(counted(0, "block"), "0 blocks");
  EXPECT_EQ(counted(1000, "block"), "1,000 blocks");
}

TEST(TextFormat, TwoDigitsForEachByte) {
  constexpr std::array<std::uint8_t, 4> bytes{0x00, 0x0a, 0xf0, 0xff};
  EXPECT_EQ(hexadecimal(bytes), "000af0ff");
  EXPECT_EQ(hexadecimal({}), "");
}

TEST(TextFormat, MakesAnyTextPrintable) {
  EXPECT_EQ(printable("größe €"), "größe €");
  EXPECT_EQ(printable("a\nb\tc\rd"), "a\\nb\\tc\\rd");
  EXPECT_EQ(printable("\x1b[31mred"), "\\x1b[31mred");
  EXPECT_EQ(printable("\x7f"), "\\x7f");
  EXPECT_EQ(printable("\xc3"), "\\xc3") << "cut short";
  EXPECT_EQ(printable("\xff\xfe"), "\\xff\\xfe");
  EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf") << "longer than need be";
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "surrogate";
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "\\xc2\\x9b31m")
      << "a terminal's control sequence in eight bits";
}

TEST(TextFormat, AlignsTables) {
  Table table{{"bytes", "n", "site"}};
  table.add({"1.0 KiB", "1", "f"});
  table.add({"8 B", "1,000", "g"}, {"below"});
  EXPECT_EQ(table.text("<", ">"),
            "  <  bytes      n  site>\n"
            "  1.0 KiB      1  f\n"
            "      8 B  1,000  g\n"
            "                    below\n");
}

TEST(FunctionName, DemanglesCppAndLeavesOthers) {
  EXPECT_EQ(demangled("_ZN2ns3addEi"), "ns::add(int)");
  EXPECT_EQ(demangled("heap.CAllocator.alloc"), "heap.CAllocator.alloc");
  EXPECT_EQ(demangled("_Zzz"), "_Zzz");
  EXPECT_EQ(demangled("malloc"), "malloc");
}

TEST(FunctionName, ShortensToWhatPeopleCallIt) {
  EXPECT_EQ(short_name("main"), "main");
  EXPECT_EQ(short_name("ns::add(int, std::string const&)"), "ns::add");
  EXPECT_EQ(short_name("void ns::List<int>::add(int const&)"), "ns::List<int>::add");
  EXPECT_EQ(short_name("std::vector<int, std::allocator<int> >::push_back(int const&)"),
            "std::vector<…>::push_back");
  EXPECT_EQ(short_name("Tree::size() const"), "Tree::size");
  EXPECT_EQ(short_name("operator new(unsigned long)"), "operator new");
  EXPECT_EQ(short_name("operator new[](unsigned long)"), "operator new[]");
  EXPECT_EQ(short_name("ns::operator<<(std::ostream&, ns::T const&)"), "ns::operator<<");
  EXPECT_EQ(short_name("Less::operator()(int, int) const"), "Less::operator()");
  EXPECT_EQ(short_name("bool operator< <int>(A<int> const&)"), "operator<<int>");
  EXPECT_EQ(short_name("T::operator int() const"), "T::operator int");
  EXPECT_EQ(short_name("(anonymous namespace)::make(int)"), "(anonymous namespace)::make");
  EXPECT_EQ(short_name("main::{lambda(int)#1}::operator()(int) const"), "main::{lambda}::operator()");
  EXPECT_EQ(short_name("run(int)::Local::go()"), "run::Local::go");
  EXPECT_EQ(short_name("run(int) const::{lambda()#1}::operator()() const"), "run::{lambda}::operator()");
  EXPECT_EQ(short_name("make[abi:cxx11](int)"), "make");
  EXPECT_EQ(short_name("parse(char const*) [clone .cold]"), "parse");
  EXPECT_EQ(short_name("heap.CAllocator.alloc"), "heap.CAllocator.alloc");
  EXPECT_EQ(short_name("unbalanced<int(("), "unbalanced<int((");
  EXPECT_EQ(short_name(""), "");
}

TEST(FunctionName, KnowsWrappers) {
  EXPECT_TRUE(is_wrapper("f", "/usr/include/c++/12/bits/new_allocator.h"));
  EXPECT_TRUE(is_wrapper("f", "/usr/lib/llvm-19/include/c++/v1/vector"));
  EXPECT_TRUE(is_wrapper("f", "/usr/include/arpent/heap.hpp"));
  EXPECT_TRUE(is_wrapper("f", "/home/me/zig/ar_allocator.zig"));
  EXPECT_TRUE(is_wrapper("array_list.ArrayListAligned(u64,null).append", "/opt/zig/lib/std/array_list.zig"));
  EXPECT_TRUE(is_wrapper("mem.Allocator.create__anon_1", "/usr/lib/zig/std/mem/Allocator.zig"));
  EXPECT_FALSE(is_wrapper("list.append", "/home/me/src/std/list.zig"));
  EXPECT_TRUE(is_wrapper("operator new(unsigned long)", ""));
  // Names of Zig's library count if the file is unknown, but a file of the program may have such a name, too.
  EXPECT_TRUE(is_wrapper("array_list.ArrayListAligned(u64,null).append", ""));
  EXPECT_FALSE(is_wrapper("array_list.append", "/home/me/src/array_list.zig"));
  EXPECT_TRUE(is_wrapper("heap.CAllocator.alloc", ""));
  EXPECT_FALSE(is_wrapper("main", "/home/me/src/main.cpp"));
  EXPECT_FALSE(is_wrapper("my::allocator<int>", "/home/me/allocator.hpp"));
  EXPECT_FALSE(is_wrapper("", ""));
}

Survey example_survey() {
  Survey survey;
  survey.version = "9.9.9";
  survey.program = "/usr/bin/example";
  survey.arguments = {"example", "--fast"};
  survey.pid = 4711;
  survey.ending.seconds = 1.25;
  ProcessImage image;
  Profile& profile = image.profile;
  profile.pid = 4711;
  profile.program = survey.program;
  profile.state = track::RunState::exited;
  profile.leak_scan = track::LeakScan::done;
  profile.serving = true;
  profile.peak_bytes = 3 << 20U;
  Site node;
  node.index = 1;
  node.annotated = true;
  node.family = track::Family::ar_heap;
  node.language = track::Language::c;
  node.file = "src/tree.c";
  node.line = 41;
  node.description = "a \x1b[31mnode";
  node.allocations = 1000;
  node.allocated_bytes = 64000;
  node.temporary = 100;
  node.peak = {.blocks = 900, .bytes = 57600};
  node.lost = {.blocks = 3, .bytes = 192};
  Site stranger;
  stranger.index = 2;
  stranger.family = track::Family::malloc_family;
  stranger.address = 0x7f0000001234;
  stranger.allocations = 3;
  stranger.peak = {.blocks = 1, .bytes = 400};
  profile.sites = {node, stranger};
  profile.totals = {.allocations = 1003,
                    .allocated_bytes = 65000,
                    .frees = 900,
                    .freed_bytes = 60000,
                    .temporary = 100,
                    .live = {103, 5000},
                    .peak = {901, 58000},
                    .lost = {3, 192},
                    .intentional = {},
                    .reachable = {100, 4808},
                    .runtime = {2, 72704 + 4096},
                    .suppressed = {}};
  survey.main = image;
  return survey;
}

std::string text_of(const Survey& survey, std::size_t top = 10, bool colour = false) {
  Symbolizer symbolizer;
  return text_report(survey, symbolizer, {.top = top, .colour = colour});
}

TEST(TextReport, AnswersTheFiveQuestionsFirst) {
  const std::string text = text_of(example_survey());
  EXPECT_THAT(text, HasSubstr("== arpent: example (pid 4711) ="));
  EXPECT_THAT(text, HasSubstr("  allocated   1,003 blocks, 63.5 KiB in all; 900 freed\n"));
  EXPECT_THAT(text, HasSubstr("  peak        3.0 MiB live at once; 99 % of it from one site\n"));
  EXPECT_THAT(
      text, HasSubstr("  leaks       definitely lost: 3 blocks, 192 B; still reachable: 100 blocks, 4.7 KiB; "
                      "the runtime's own: 2 blocks, 75.0 KiB\n"));
  EXPECT_THAT(
      text,
      HasSubstr("  temporary   100 blocks (10 %) freed before the next allocation of the same thread\n"));
  EXPECT_THAT(text, HasSubstr("  ended       exited with status 0 after 1.25 s\n"));
}

TEST(TextReport, ShowsSitesAndNeverATerminalSequenceOfTheProgram) {
  const std::string text = text_of(example_survey());
  EXPECT_THAT(
      text,
      HasSubstr(
          "Definitely lost\n  bytes  blocks  site\n  192 B       3  src/tree.c:41  \"a \\x1b[31mnode\"\n"));
  EXPECT_THAT(text, HasSubstr("0x7f0000001234 (in no module)"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text_of(example_survey(), 10, true), HasSubstr("\x1b[1;31mdefinitely lost"));
}

TEST(TextReport, CutsTablesAndSaysSo) {
  const std::string text = text_of(example_survey(), 1);
  EXPECT_THAT(text, HasSubstr("Allocations (the first 1 of 2)"));
  EXPECT_THAT(text, Not(HasSubstr("in no module")));
}

TEST(TextReport, CallsBlocksOfAKilledProcessNeitherLostNorReachable) {
  Survey survey = example_survey();
  survey.ending = {.by_signal = true, .status = 0, .signal = SIGKILL, .core_dumped = false, .seconds = 0.5};
  survey.main->end = ImageEnd::killed;
  survey.main->profile.leak_scan = track::LeakScan::not_done;
  survey.main->profile.sites[0].lost = {};
  survey.main->profile.sites[0].live = {.blocks = 103, .bytes = 5000};
  survey.main->profile.totals.lost = {};
  const std::string text = text_of(survey);
  EXPECT_THAT(text, HasSubstr("leaks       not scanned (killed); live at its end: 103 blocks, 4.9 KiB\n"));
  EXPECT_THAT(text, HasSubstr("killed by SIGKILL (Killed) after 0.50 s"));
  EXPECT_THAT(text, HasSubstr("Live at its end\n"));
  EXPECT_THAT(text, Not(HasSubstr("lost")));
}

TEST(TextReport, TellsHowFarTheFiguresReach) {
  Survey survey = example_survey();
  Profile& profile = survey.main->profile;
  profile.leak_scan = track::LeakScan::partial;
  profile.unstopped_threads = 2;
  profile.sites_dropped = true;
  profile.descriptions_capped = true;
  profile.mismatches = 4;
  profile.totals.intentional = {.blocks = 1, .bytes = 16};
  survey.notes = {"A note."};
  const std::string text = text_of(survey);
  EXPECT_THAT(text, HasSubstr("2 threads could not be stopped for the leak scan"));
  EXPECT_THAT(text, HasSubstr("The profile was full"));
  EXPECT_THAT(text, HasSubstr("more descriptions than are kept"));
  EXPECT_THAT(text, HasSubstr("4 releases did not fit"));
  EXPECT_THAT(text, HasSubstr("intentional: 1 block, 16 B"));
  EXPECT_THAT(text, HasSubstr("  note        A note.\n"));
}

TEST(TextReport, SaysWhyNothingWasTracked) {
  Survey survey = example_survey();
  survey.main.reset();
  survey.why_not_tracked = "it is statically linked";
  const std::string text = text_of(survey);
  EXPECT_THAT(text, HasSubstr("  tracked     nothing: it is statically linked\n"));
  EXPECT_THAT(text, Not(HasSubstr("0 blocks")));
}

TEST(TextReport, ListsOtherProcessesOneLineEach) {
  Survey survey = example_survey();
  ProcessImage child = *survey.main;
  child.profile.pid = 4712;
  child.profile.command_line = "worker\n1";
  child.end = ImageEnd::still_running;
  child.profile.leak_scan = track::LeakScan::not_done;
  ProcessImage before = *survey.main;
  before.end = ImageEnd::replaced;
  survey.others = {before, child};
  const std::string text = text_of(survey);
  EXPECT_THAT(text, HasSubstr("Programs that the process was before exec\n"));
  EXPECT_THAT(text, HasSubstr("Children that were followed\n"));
  EXPECT_THAT(text, HasSubstr("4712   1,003  63.5 KiB  3.0 MiB     ?  still running  worker\\n1\n"));
  EXPECT_EQ(definitely_lost(survey).blocks, 9U);
}

TEST(JsonReport, IsCompleteAndReadableByPrograms) {
  Survey survey = example_survey();
  survey.main->profile.sites[0].description = "bad \xff byte";
  survey.main->profile.sites.emplace_back();  // made ahead of need, and never used
  Symbolizer symbolizer;
  const auto json = nlohmann::json::parse(json_report(survey, symbolizer));
  EXPECT_EQ(json["arpent"]["format"], 1);
  EXPECT_EQ(json["arguments"][1], "--fast");
  EXPECT_EQ(json["ended"]["how"], "exited");
  EXPECT_EQ(json["ended"]["status"], 0);
  EXPECT_TRUE(json["ended"]["signal"].is_null());
  EXPECT_EQ(json["tracked"], true);
  const auto& process = json["process"];
  EXPECT_EQ(process["allocations"], 1003);
  EXPECT_EQ(process["lost_bytes"], 192);
  EXPECT_EQ(process["leak_scan"], "done");
  ASSERT_EQ(process["sites"].size(), 2U);
  EXPECT_EQ(process["sites"][0]["file"], "src/tree.c");
  EXPECT_EQ(process["sites"][0]["line"], 41);
  EXPECT_EQ(process["sites"][0]["family"], "ar_heap");
  EXPECT_EQ(process["sites"][0]["description"], "bad \xef\xbf\xbd byte");
  EXPECT_EQ(process["sites"][1]["address"], "0x7f0000001234");
  EXPECT_TRUE(process["sites"][1]["function"].is_null());
}

TEST(Survey, NamesSignals) {
  EXPECT_EQ(signal_name(SIGSEGV), "SIGSEGV");
  EXPECT_EQ(signal_name(SIGRTMIN + 2), "SIGRTMIN+2");
  EXPECT_EQ(signal_name(12345), "signal 12345");
}

}  // namespace
}  // namespace ar::profile

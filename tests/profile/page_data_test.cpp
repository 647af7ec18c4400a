// Tests src/profile/write/page_data.cpp
// What the page is given of a profile, and the page itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "profile/write/html_writer.hpp"
#include "profile/write/page_data.hpp"
#include "profile/write/page_template.hpp"

namespace ar::profile {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

Site annotated(const std::string& file, std::uint32_t line, const std::string& description) {
  Site site;
  site.file = file;
  site.line = line;
  site.description = description;
  site.annotated = true;
  site.language = track::Language::c;
  return site;
}

json data_of(const Profile& profile) {
  Symbolizer symbolizer;
  return json::parse(page_data(profile, "test", symbolizer));
}

// Names of the frames of a site, innermost first.
std::vector<std::string> stack_of(const json& data, std::size_t site) {
  std::vector<std::string> names;
  for (auto node = data["sites"][site]["node"].get<std::size_t>(); node != 0;
       node = data["nodes"][2 * node].get<std::size_t>()) {
    const auto frame = data["nodes"][2 * node + 1].get<std::size_t>();
    names.push_back(data["strings"][data["frames"][4 * frame].get<std::size_t>()]);
  }
  return names;
}

TEST(PageData, HoldsTheValuesOfEachSite) {
  Profile profile;
  Site site = annotated("a.c", 7, "node");
  site.live = {.blocks = 1, .bytes = 10};
  site.peak = {.blocks = 2, .bytes = 20};
  site.allocations = 3;
  site.allocated_bytes = 30;
  site.lost = {.blocks = 4, .bytes = 40};
  site.temporary = 5;
  profile.sites.push_back(site);
  const json data = data_of(profile);
  EXPECT_EQ(data["arpent"], page_format);
  EXPECT_EQ(data["sites"][0]["values"], (json{10, 1, 20, 2, 30, 3, 40, 4, 5}));
  EXPECT_EQ(data["strings"][data["sites"][0]["description"].get<std::size_t>()], "node");
  EXPECT_EQ(stack_of(data, 0), std::vector<std::string>{"a.c:7"})
      << "a site without a stack is its own frame";
}

TEST(PageData, PutsWhatHoldsMostFirst) {
  Profile profile;
  profile.sites.push_back(annotated("small.c", 1, ""));
  profile.sites.push_back(annotated("large.c", 1, ""));
  profile.sites[0].live.bytes = 1;
  profile.sites[1].live.bytes = 2;
  EXPECT_EQ(stack_of(data_of(profile), 0), std::vector<std::string>{"large.c:1"});
}

TEST(PageData, SharesTheOuterFramesOfStacks) {
  Profile profile;
  profile.stack_nodes.resize(4);
  profile.stack_nodes[1] = {.address = 0x100, .module = std::nullopt, .caller = no_stack};
  profile.stack_nodes[2] = {.address = 0x200, .module = std::nullopt, .caller = 1};
  profile.stack_nodes[3] = {.address = 0x300, .module = std::nullopt, .caller = 1};
  for (const std::uint32_t stack : {2U, 3U}) {
    Site site;
    site.stack = stack;
    profile.sites.push_back(site);
  }
  const json data = data_of(profile);
  EXPECT_EQ(data["nodes"].size(), 2U * 4U) << "root, the shared caller and two leaves";
  EXPECT_EQ(stack_of(data, 0).size(), 2U);
  EXPECT_EQ(stack_of(data, 0)[1], stack_of(data, 1)[1]);
  EXPECT_NE(stack_of(data, 0)[0], stack_of(data, 1)[0]);
}

TEST(PageData, ForgivesStacksThatPointNowhere) {
  Profile profile;
  profile.stack_nodes.resize(2);
  profile.stack_nodes[1] = {.address = 1, .module = 9, .caller = 1};  // its own caller
  for (const std::uint32_t stack : {1U, 77U}) {
    Site site;
    site.stack = stack;
    profile.sites.push_back(site);
  }
  EXPECT_EQ(data_of(profile)["sites"].size(), 2U);
}

TEST(PageData, ShowsTheSourceAroundAPlace) {
  std::string name = (std::filesystem::temp_directory_path() / "arpent-page-XXXXXX").string();
  const int file = ::mkstemp(name.data());
  ASSERT_GE(file, 0);
  ::close(file);
  std::ofstream{name} << "one\ntwo\nthree\nfour\nfive\nsix\n";
  Profile profile;
  profile.sites.push_back(annotated(name, 5, ""));
  profile.sites.push_back(annotated(name, 7, ""));
  profile.sites.push_back(annotated("/dev/zero", 1, ""));
  const json data = data_of(profile);
  std::filesystem::remove(name);
  EXPECT_EQ(data["sites"][0]["source"]["first"], 2);
  EXPECT_EQ(data["sites"][0]["source"]["lines"], (json{"two", "three", "four", "five", "six"}));
  EXPECT_TRUE(data["sites"][1]["source"].is_null()) << "the file has no such line";
  EXPECT_TRUE(data["sites"][2]["source"].is_null()) << "a device is no source";
}

TEST(PageData, HoldsTimelineAndMoments) {
  Profile profile;
  profile.timeline = {{.milliseconds = 1, .live_bytes = 2, .resident_bytes = 3}};
  profile.moments = {{.milliseconds = 4, .label = "warm", .live_bytes = 5}};
  const json data = data_of(profile);
  EXPECT_EQ(data["timeline"], json::parse("[[1,2,3]]"));
  EXPECT_EQ(data["moments"], json::parse(R"([[4,"warm",5]])"));
}

TEST(PageData, IsSafeInsideAScriptWhateverTheNamesAre) {
  const std::string hostile = "\"'</script><script>alert(1)</script><!--\xff";
  Profile profile;
  profile.program = hostile;
  profile.sites.push_back(annotated(hostile, 1, hostile));
  Symbolizer symbolizer;
  const std::string text = page_data(profile, hostile, symbolizer);
  EXPECT_THAT(text, Not(HasSubstr("<")));
  EXPECT_EQ(json::parse(text)["program"], "\"'</script><script>alert(1)</script><!--\\xff");
}

// What the page's script reads.
json profiles_in(const std::string& page) {
  const std::string_view opening = "id=\"profiles\">";
  const std::size_t start = page.find(opening) + opening.size();
  return json::parse(page.substr(start, page.find("</script>", start) - start));
}

TEST(HtmlPage, HoldsTheProfilesInOrderWhereTheMarkWas) {
  const std::string page = html_page(std::vector<std::string>{"{\"a\":1}", "{\"b\":2}"});
  EXPECT_EQ(profiles_in(page), json::parse(R"([{"a": 1}, {"b": 2}])"));
  EXPECT_THAT(page, Not(HasSubstr("[\"arpent-profiles\"]")));
  EXPECT_EQ(profiles_in(html_page({})), json::array());
}

TEST(HtmlPage, AsksForNothingElse) {
  for (const char* request : {"src=", "@import", "url(", "fetch(", "XMLHttpRequest", "https:"}) {
    EXPECT_THAT(std::string{page_template()}, Not(HasSubstr(request)));
  }
}

}  // namespace
}  // namespace ar::profile

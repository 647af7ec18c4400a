// Tests src/profile/read/ src/profile/symbols/demangled_name.cpp src/profile/model/text_format.cpp
// src/profile/write/json.cpp Profiles that were made to harm who reads them: memory and time are bounded, and
// nothing hides in the text.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <future>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "profile/example_profile.hpp"
#include "profile/model/text_format.hpp"
#include "profile/read/compressed.hpp"
#include "profile/read/damage.hpp"
#include "profile/read/gzip.hpp"
#include "profile/read/input.hpp"
#include "profile/read/memory_budget.hpp"
#include "profile/read/packed_profile.hpp"
#include "profile/read/profile_file.hpp"
#include "profile/read/reader.hpp"
#include "profile/symbols/demangled_name.hpp"
#include "profile/symbols/function_name.hpp"
#include "profile/symbols/symbols.hpp"
#include "profile/write/flame_writers.hpp"
#include "profile/write/json.hpp"
#include "support/profile_builder.hpp"

namespace ar::profile {
namespace {

using testing::example;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ProfileBuilder;

constexpr std::string_view too_many = "more records than a file of its size can have";
constexpr std::size_t mebibyte = std::size_t{1} << 20U;

std::string repeated(std::string_view text, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) {
    all += text;
  }
  return all;
}

constexpr std::string_view version_field{"\x08\x01", 2};
constexpr std::string_view empty_site{"\xba\x01\x00", 3};               // field 23
constexpr std::string_view owner_of_a_site{"\xc2\x01\x02\x12\x00", 5};  // field 24, in it field 2
constexpr std::size_t many = 200'000;

TEST(HostileProfile, OfEmptySitesIsRefusedBeforeTheyTakeMemory) {
  const auto profile = unpacked(std::string{version_field} + repeated(empty_site, many));
  ASSERT_FALSE(profile);
  EXPECT_THAT(profile.error(), HasSubstr(too_many));
}

TEST(HostileProfile, OfOwnersIsRefusedToo) {
  const auto profile = unpacked(std::string{version_field} + repeated(owner_of_a_site, many));
  ASSERT_FALSE(profile);
  EXPECT_THAT(profile.error(), HasSubstr(too_many));
}

TEST(HostileProfile, WithSomeEmptySitesIsRead) {
  const auto profile = unpacked(std::string{version_field} + repeated(empty_site, 1000));
  ASSERT_TRUE(profile) << profile.error();
  EXPECT_EQ(profile->sites.size(), 1000U);
}

TEST(HostileProfile, WhoseSitesLieInOnePlaceIsRefused) {
  ProfileBuilder builder = example();
  builder.header().origin_count = track::max_origins;
  std::ranges::fill(builder.header().origin_chunks, builder.header().origin_chunks[0]);
  const auto profile = read_profile(builder.bytes());
  ASSERT_FALSE(profile);
  EXPECT_THAT(profile.error(), HasSubstr(too_many));
}

TEST(HostileProfile, WhoseSitesShareALongTextIsRefused) {
  ProfileBuilder builder;
  const track::Offset text = builder.text(std::string(100'000, 'x'));
  track::OriginRecord origin{};
  origin.description = text;
  for (int i = 0; i < 2000; ++i) {
    builder.add_origin(origin);
  }
  const auto profile = read_profile(builder.bytes());
  ASSERT_FALSE(profile);
  EXPECT_THAT(profile.error(), HasSubstr(too_many));
}

// Node after node, each called by the one before it.
std::string nodes(std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t caller = i == 0 ? 0 : i - 1;
    const std::string number{static_cast<char>(0x80U | (caller & 0x7fU)), static_cast<char>(caller >> 7U)};
    all += "\x9a\x01\x03\x18" + number;  // field 19, in it field 3
  }
  return all;
}

TEST(HostileProfile, WithAStackDeeperThanAnyIsRefused) {
  EXPECT_TRUE(unpacked(std::string{version_field} + nodes(1025)));
  const auto profile = unpacked(std::string{version_field} + nodes(1026));
  ASSERT_FALSE(profile);
  EXPECT_THAT(profile.error(), HasSubstr("a stack of more than 1024 frames"));
}

TEST(HostileProfile, WhoseSitesShareADeepStackIsRefused) {
  constexpr std::string_view site_with_stack{"\xba\x01\x03\x40\x80\x08", 6};  // field 8: node 1024
  const std::string start = std::string{version_field} + nodes(1025);
  EXPECT_TRUE(unpacked(start + repeated(site_with_stack, 1000)));
  const auto profile = unpacked(start + repeated(site_with_stack, 1200));
  ASSERT_FALSE(profile);
  EXPECT_THAT(profile.error(), HasSubstr("more stacks than a file of its size can have"));
}

// A module whose path has so many bytes (less than 2,097,152).
std::string module_with_path(std::size_t length) {
  const auto number = [](std::size_t value) {
    return std::string{static_cast<char>(0x80U | (value & 0x7fU)),
                       static_cast<char>(0x80U | (value >> 7U & 0x7fU)), static_cast<char>(value >> 14U)};
  };
  return "\x92\x01" + number(length + 4) + "\x0a" + number(length) +
         std::string(length, 'x');  // field 18, in it 1
}

TEST(HostileProfile, WhoseStacksShareALongPathIsRefused) {
  constexpr std::string_view node_in_module{"\x9a\x01\x02\x10\x01", 5};  // field 19, in it field 2
  const std::string start = std::string{version_field} + module_with_path(100'000);
  EXPECT_TRUE(unpacked(start + repeated(node_in_module, 700)));
  const auto profile = unpacked(start + repeated(node_in_module, 800));
  ASSERT_FALSE(profile);
  EXPECT_THAT(profile.error(), HasSubstr("more stacks than a file of its size can have"));
}

TEST(HostileProfile, WhoseFramesShareALongNameIsRefused) {
  constexpr std::string_view node_in_module{"\x9a\x01\x02\x10\x01", 5};
  constexpr std::string_view site_with_stack{"\xba\x01\x02\x40\x01", 5};  // field 8: node 1
  const std::string start =
      std::string{version_field} + module_with_path(100'000) + repeated(node_in_module, 2);
  EXPECT_TRUE(unpacked(start + repeated(site_with_stack, 1000)));
  const auto profile = unpacked(start + repeated(site_with_stack, 1300));
  ASSERT_FALSE(profile);
  EXPECT_THAT(profile.error(), HasSubstr("more stacks than a file of its size can have"));
}

TEST(HostileProfile, NeedsNoMoreMemoryThanTheCeiling) {
  constexpr std::size_t gibibyte = std::size_t{1} << 30U;
  MemoryBudget usual{gibibyte, default_most_input};
  usual.take_text(4 * gibibyte);
  try {
    usual.take_text(1);
    FAIL() << "4 GiB is all";
  } catch (const Damage& damage) {
    EXPECT_THAT(damage.what, HasSubstr("needs more than 4294967296 bytes of memory (--max-input)"));
  }
  MemoryBudget raised{gibibyte, 2 * gibibyte};
  raised.take_text(8 * gibibyte);
  EXPECT_THROW(raised.take_text(1), Damage);
  MemoryBudget lowered{gibibyte / 4, gibibyte / 16};
  lowered.take_text(gibibyte);
  EXPECT_THROW(lowered.take_text(1), Damage);
  MemoryBudget small{mebibyte, default_most_input};
  EXPECT_THROW(small.take_text(96 * mebibyte + 1), Damage) << "the factor holds, too";
}

TEST(HostileProfile, WhoseFoldedStacksRepeatALongNameIsShownInPart) {
  constexpr std::size_t stacks = 3000;
  Profile profile;
  profile.modules.push_back({.path = "/" + std::string(longest_name, 'x'), .build_id = {}});
  profile.stack_nodes = {{}, {.address = 0x10, .module = 0, .caller = no_stack}};
  for (std::uint32_t i = 0; i < stacks; ++i) {
    profile.stack_nodes.push_back({.address = 0x1000 + i, .module = {}, .caller = 1});
    Site site;
    site.stack = i + 2;
    site.live = {1, 1};
    profile.sites.push_back(site);
  }
  Symbolizer symbolizer;
  const std::string folded = collapsed_stacks(profile, symbolizer, Metric::live);
  EXPECT_LT(folded.size(), 130 * mebibyte);
  EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(folded, '\n')), stacks);
  EXPECT_TRUE(folded.starts_with(std::string(longest_name, 'x') + "+0x10;0x1000 1\n"));
}

std::string gzip_of(std::size_t size) { return compressed(std::string(size, '\0')); }

TEST(HostileCompression, OfGzipEndsAtTheLimit) {
  EXPECT_THAT(read_pprof_profile(gzip_of(2 * mebibyte), mebibyte).error(),
              HasSubstr("holds more than 1048576 bytes (--max-input)"));
  EXPECT_THAT(read_pprof_profile(gzip_of(mebibyte / 2), mebibyte).error(), Not(HasSubstr("holds more")));
}

std::vector<std::byte> frame_without_size(std::span<const std::byte> bytes) {
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
  std::vector<std::byte> frame(ZSTD_compressBound(bytes.size()));
  frame.resize(ZSTD_compress2(context, frame.data(), frame.size(), bytes.data(), bytes.size()));
  ZSTD_freeCCtx(context);
  return frame;
}

TEST(HostileCompression, OfZstandardNeedNotSayItsSize) {
  const std::vector<std::byte> bytes = example().bytes();
  const std::vector<std::byte> frame = frame_without_size(bytes);
  ASSERT_EQ(ZSTD_getFrameContentSize(frame.data(), frame.size()), ZSTD_CONTENTSIZE_UNKNOWN);
  const auto image = decompress(frame, mebibyte);
  ASSERT_TRUE(image) << image.error();
  EXPECT_EQ(*image, bytes);
}

TEST(HostileCompression, OfZstandardEndsAtTheLimit) {
  const std::vector<std::byte> zeros(8 * mebibyte);
  for (const std::vector<std::byte>& frame : {frame_without_size(zeros), *compress(zeros)}) {
    ASSERT_LT(frame.size(), 4096U);
    const auto image = decompress(frame, mebibyte);
    ASSERT_FALSE(image);
    EXPECT_THAT(image.error(), HasSubstr("holds more than 1048576 bytes"));
    EXPECT_TRUE(decompress(frame, 8 * mebibyte));
  }
}

TEST(HostileCompression, OfZstandardThatIsCutShortIsAnError) {
  std::vector<std::byte> frame = frame_without_size(example().bytes());
  frame.resize(frame.size() / 2);
  EXPECT_THAT(decompress(frame, mebibyte).error(), HasSubstr("cut short"));
}

class InputTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "input-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    ASSERT_EQ(::mkfifo(pipe().c_str(), 0600), 0);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::filesystem::path pipe() const { return folder_ / "pipe"; }

  std::filesystem::path folder_;
};

TEST_F(InputTest, ThatIsNoFileIsRefusedAtOnce) {
  EXPECT_EQ(load_profile(pipe()).error(), "is not a regular file");
  EXPECT_EQ(load_profile("/dev/zero").error(), "is not a regular file");
  EXPECT_EQ(load_profile(folder_).error(), "is not a regular file");
}

TEST_F(InputTest, ThatIsAPipeWaitsForItsWriter) {
  auto text = std::async(std::launch::async, [&] { return read_input(pipe(), Streams::accepted); });
  EXPECT_EQ(text.wait_for(std::chrono::milliseconds{50}), std::future_status::timeout);
  std::ofstream{pipe()} << "written later";
  EXPECT_EQ(text.get().value_or("nothing"), "written later");
}

TEST_F(InputTest, ThatNeverEndsIsBounded) {
  EXPECT_THAT(read_input("/dev/zero", Streams::accepted, mebibyte).error(),
              HasSubstr("holds more than 1048576 bytes"));
}

TEST_F(InputTest, IsReadThroughALinkOnlyIfThatIsMeant) {
  std::ofstream{folder_ / "file"} << "text";
  std::filesystem::create_symlink(folder_ / "file", folder_ / "link");
  EXPECT_TRUE(InputFile::open(folder_ / "link", Streams::refused, Links::followed));
  EXPECT_FALSE(InputFile::open(folder_ / "link", Streams::refused, Links::refused));
}

TEST_F(InputTest, ThatIsAProfileMayBeNamedByALink) {
  const std::vector<std::byte> bytes = example().bytes();
  std::ofstream{folder_ / "raw", std::ios::binary}.write(reinterpret_cast<const char*>(bytes.data()),
                                                         static_cast<std::streamsize>(bytes.size()));
  std::filesystem::create_symlink("raw", folder_ / "latest");
  const auto profile = load_profile(folder_ / "latest");
  EXPECT_TRUE(profile) << profile.error();
}

// What turns the direction of writing, hides, or ends a line.
constexpr std::array<std::pair<std::string_view, std::string_view>, 18> invisible{{{"\u061c", "\\u061c"},
                                                                                   {"\u200e", "\\u200e"},
                                                                                   {"\u200f", "\\u200f"},
                                                                                   {"\u2028", "\\u2028"},
                                                                                   {"\u2029", "\\u2029"},
                                                                                   {"\u202a", "\\u202a"},
                                                                                   {"\u202b", "\\u202b"},
                                                                                   {"\u202c", "\\u202c"},
                                                                                   {"\u202d", "\\u202d"},
                                                                                   {"\u202e", "\\u202e"},
                                                                                   {"\u2066", "\\u2066"},
                                                                                   {"\u2067", "\\u2067"},
                                                                                   {"\u2068", "\\u2068"},
                                                                                   {"\u2069", "\\u2069"},
                                                                                   {"\u200b", "\\u200b"},
                                                                                   {"\u2060", "\\u2060"},
                                                                                   {"\u2064", "\\u2064"},
                                                                                   {"\ufeff", "\\ufeff"}}};

TEST(HostileText, ShowsWhatWouldTurnTheDirectionOfWriting) {
  for (const auto& [character, shown] : invisible) {
    EXPECT_EQ(printable("a" + std::string{character} + "b"), "a" + std::string{shown} + "b");
  }
  EXPECT_EQ(printable("שלום مرحبا"), "שלום مرحبا") << "letters that are written from the right";
  EXPECT_EQ(printable("a\U000e0041b"), "a\\U000e0041b") << "a letter that is not shown";
  EXPECT_EQ(printable("क्\u200dष"), "क्\u200dष") << "letters that are joined";
}

TEST(HostileText, IsTheSameForProgramsAndVisibleInJson) {
  for (const auto& [character, shown] : invisible) {
    EXPECT_EQ(Json(character).on_one_line(), '"' + std::string{shown} + '"');
  }
  EXPECT_EQ(Json("\x7f\xc2\x9bé").on_one_line(), "\"\\u007f\\u009bé\"");
  EXPECT_EQ(Json("\U000e0041").on_one_line(), "\"\\udb40\\udc41\"");
}

// The number of a substitution: S_, S0_, …, SZ_, S10_.
std::string substitution(std::size_t number) {
  constexpr std::string_view digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::string text;
  for (std::size_t left = number; left != 0; left = (left - 1) / digits.size()) {
    text.insert(text.begin(), digits[(left - 1) % digits.size()]);
  }
  return "S" + text + "_";
}

// f(a, b<a, a>, b<b<a, a>, b<a, a> >, …): each argument is twice as long as the one before it.
std::string doubling_name(std::size_t times) {
  std::string name = "_Z1f1a1bIS_S_E";
  for (std::size_t i = 1; i < times; ++i) {
    const std::string last = substitution(i + 1);
    name += substitution(1) + "I" + last + last + "E";
  }
  return name;
}

TEST(HostileName, OfCppThatDoublesItselfStaysMangled) {
  EXPECT_EQ(demangled(doubling_name(2)), "f(a, b<a, a>, b<b<a, a>, b<a, a> >)");
  for (const std::size_t times : {16U, 20U, 64U, 512U}) {
    EXPECT_EQ(demangled(doubling_name(times)), doubling_name(times)) << times;
  }
}

TEST(HostileName, OfCppThatPrintsNothingForLongStaysMangled) {
  // A pack is looked for in all of what is expanded.
  std::string name = doubling_name(40);
  name += "Dp" + substitution(40);
  EXPECT_EQ(demangled(name), name);
}

TEST(HostileName, OfCppWhoseParametersMultiplyStaysMangled) {
  // Each argument is a function whose parameters are its own argument, four times.
  std::string name = "1a";
  for (int i = 0; i < 14; ++i) {
    name = "XadL_Z1fI" + name + "EvT_T_T_T_EE";
  }
  name = "_Z1fI" + name + "EvT_T_";
  const std::string shown = demangled(name);
  EXPECT_LE(shown.size(), longest_name);
}

TEST(HostileName, OfCppThatIsReadTwiceAtEachLevelStaysMangled) {
  const std::string name = "_ZN1a" + repeated("cvT_IN1a", 60) + "1bE" + std::string(2 * 60, 'E') + "v";
  EXPECT_EQ(demangled(name), name);
}

TEST(HostileName, OfRustThatDoublesItselfStaysMangled) {
  std::string name = "_RINvC1a1fT";  // a::f::<((…),)>, each tuple twice the one before it
  std::string last = "hh";
  std::size_t at = name.size() - 2;
  name += last + "E";
  for (int i = 0; i < 40; ++i) {
    constexpr std::string_view digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const std::size_t number = at - 2 - 1;
    std::string reference = "B";
    if (number >= digits.size()) {
      reference += digits[number / digits.size()];
    }
    reference += digits[number % digits.size()];
    reference += "_";
    at = name.size();
    name += "T" + reference + reference + "E";
  }
  name += "E";
  EXPECT_EQ(demangled(name), name);
}

TEST(HostileName, OfAnyLengthIsCut) {
  EXPECT_EQ(demangled(std::string(longest_name, 'x')).size(), longest_name);
  for (const std::string_view start : {"x", "_Z1f", "_R", "_GLOBAL__I_"}) {
    const std::string shown = demangled(std::string{start} + repeated("é", longest_name));
    EXPECT_LE(shown.size(), longest_name);
    EXPECT_TRUE(shown.ends_with("é…")) << start;
  }
  for (const std::string_view part : {"P", "J", "F", "N", "X", "il", "ad", "on", "1aI", "cv", "Dp"}) {
    const std::string deep = "_Z1fI" + repeated(part, longest_mangled_name / part.size() - 4);
    EXPECT_EQ(demangled(deep), deep) << part;
  }
}

TEST(HostileName, OfALongTemplateIsShown) {
  std::string mangled = "_Z1fI";
  std::string shown = "void f<";
  for (int i = 0; i < 400; ++i) {
    const std::string number = std::to_string(1000 + i);
    mangled += "46a_name_of_forty_five_bytes_that_is_not_so_rareILi" + number + "EE";
    shown +=
        (i == 0 ? "" : ", ") + std::string{"a_name_of_forty_five_bytes_that_is_not_so_rare<"} + number + ">";
  }
  mangled += "Evv";
  shown += " >()";
  ASSERT_GT(mangled.size(), 20'000U);
  EXPECT_EQ(demangled(mangled), shown);
  EXPECT_EQ(short_name(shown), "f<…>");
}

TEST(HostileName, OfAGlobalConstructorIsReadAsEver) {
  EXPECT_EQ(demangled("_GLOBAL__I__Z3foov"), "global constructors keyed to foo()");
  EXPECT_EQ(demangled("_GLOBAL__D_foo"), "global destructors keyed to foo");
  EXPECT_EQ(demangled("_GLOBAL__sub_I_x"), "_GLOBAL__sub_I_x");
}

}  // namespace
}  // namespace ar::profile

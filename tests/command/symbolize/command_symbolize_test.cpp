// Tests tools/arpent/symbolize/
// Symbols, with this very program as the module, and the text filter.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <link.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <fmt/format.h>

#include "arpent/symbolize/symbolized_text.hpp"
#include "profile/symbols/symbols.hpp"

namespace ar::command {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

[[gnu::noinline]] std::uintptr_t return_address() {
  return reinterpret_cast<std::uintptr_t>(__builtin_extract_return_addr(__builtin_return_address(0)));
}

struct Place {
  std::uintptr_t address = 0;
  unsigned line = 0;
};

[[gnu::always_inline]] inline Place inlined_place() {
  Place place;
  place.address = return_address(), place.line = __LINE__;
  asm volatile("" : "+m"(place));  // or the call would be a jump, which returns past us
  return place;
}

[[gnu::noinline]] Place outer_place() {
  const Place place = inlined_place();
  return place;
}

std::string own_path() { return std::filesystem::read_symlink("/proc/self/exe").string(); }

// The executable is the first that is listed.
std::uintptr_t own_load_bias() {
  std::uintptr_t bias = 0;
  ::dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* result) {
        *static_cast<std::uintptr_t*>(result) = info->dlpi_addr;
        return 1;
      },
      &bias);
  return bias;
}

TEST(Symbols, NameInlinedFunctionsInnermostFirst) {
  const Place place = outer_place();
  profile::Symbolizer symbolizer;
  const profile::Location location = symbolizer.locate(own_path(), "", place.address - own_load_bias());
  ASSERT_GE(location.frames.size(), 2U) << "built without debug information?";
  EXPECT_THAT(location.frames[0].function, HasSubstr("inlined_place"));
  EXPECT_THAT(location.frames[0].file, EndsWith("/command_symbolize_test.cpp"));
  EXPECT_EQ(location.frames[0].line, place.line);
  EXPECT_TRUE(location.frames[0].inlined);
  EXPECT_THAT(location.frames.back().function, HasSubstr("outer_place"));
  EXPECT_FALSE(location.frames.back().inlined);
  EXPECT_THAT(one_line(location), EndsWith("outer_place)"));
}

TEST(Symbols, AreNotTakenFromAnotherBuild) {
  const Place place = outer_place();
  profile::Symbolizer symbolizer;
  const std::uintptr_t offset = place.address - own_load_bias();
  EXPECT_EQ(one_line(symbolizer.locate(own_path(), "0123456789abcdef", offset)),
            fmt::format("command_symbolize_test+{:#x}", offset));
}

TEST(Symbols, OfAMissingModuleAreModuleAndOffset) {
  profile::Symbolizer symbolizer;
  EXPECT_EQ(one_line(symbolizer.locate("/no/such/libgone.so.1", "", 0x1234)), "libgone.so.1+0x1234");
  EXPECT_EQ(one_line(symbolizer.locate("", "", 0x1234)), "0x1234 (in no module)");
  EXPECT_EQ(one_line(symbolizer.locate("/etc/passwd", "", 0x1234)), "passwd+0x1234") << "no ELF file";
}

TEST(Symbols, SkipWrappersInFavourOfTheUser) {
  profile::Location location;
  location.frames = {{.name = "std::__new_allocator<int>::allocate",
                      .function = "std::__new_allocator<int>::allocate(unsigned long)",
                      .file = "/usr/include/c++/12/bits/new_allocator.h",
                      .line = 137,
                      .module = "/bin/x",
                      .inlined = true},
                     {.name = "fill",
                      .function = "fill(int)",
                      .file = "/src/fill.cpp",
                      .line = 7,
                      .module = "/bin/x",
                      .inlined = false}};
  location.user_frame = 1;
  EXPECT_EQ(one_line(location), "fill  /src/fill.cpp:7");
  EXPECT_EQ(function_at_place(location), "fill at /src/fill.cpp:7");
}

class SymbolizedText : public ::testing::Test {
 protected:
  std::string filter(std::string_view text) { return symbolized(text, symbolizer_); }

  profile::Symbolizer symbolizer_;
};

TEST_F(SymbolizedText, ReplacesTokens) {
  EXPECT_EQ(filter("at [[/no/liba.so||0x10]] and [[/no/libb.so|AbCd|0xff]].\n"),
            "at liba.so+0x10 and libb.so+0xff.\n");
}

TEST_F(SymbolizedText, NamesFunctionAndLine) {
  const Place place = outer_place();
  const std::string token = fmt::format("[[{}||{:#x}]]", own_path(), place.address - own_load_bias());
  EXPECT_THAT(filter("<" + token + ">"),
              MatchesRegex(fmt::format("<.*inlined_place at /.*command_symbolize_test.cpp:{}>", place.line)));
  const std::string alone = fmt::format("[[{}||{:#x}|place]]", own_path(), place.address - own_load_bias());
  EXPECT_THAT(filter(alone), StartsWith("/"));
  EXPECT_THAT(filter(alone), EndsWith(fmt::format("command_symbolize_test.cpp:{}", place.line)));
}

TEST_F(SymbolizedText, PassesAllElseUnchanged) {
  using namespace std::string_view_literals;
  for (const std::string_view text :
       {"", "plain\n", "[[", "]]", "[[]]", "[[a|b]]", "[[a|zz|0x1]]", "[[a||1]]", "[[a||0x]]", "[[a||0xg]]",
        "[[||0x1]]", "[[a||0x11111111111111111]]", "[[a||0x1", "[a||0x1]]", "[[a||0x1]",
        "if [[ -e x ]]; then\n", "]][[", "[[a||0x-1]]", "[[a||0x1 ]]"}) {
    EXPECT_EQ(filter(text), text);
  }
  const std::string_view binary = "\0\xff[[\0|\0|\0]]\n"sv;
  EXPECT_EQ(filter(binary), binary);
  const std::string many(100000, '[');
  EXPECT_EQ(filter(many), many);
}

TEST_F(SymbolizedText, DecodesPaths) {
  EXPECT_EQ(filter("[[%/no/new%0aline%5b%5D%7c.so||0x1]]"), "new\\nline[]|.so+0x1");
  EXPECT_EQ(filter("[[%/no/100%25.so||0x1]]"), "100%.so+0x1");
  EXPECT_EQ(filter("[[%/no/%zz%4||0x1]]"), "%zz%4+0x1");
  EXPECT_EQ(filter("[[/no/100%25.so||0x1]]"), "100%25.so+0x1") << "not encoded";
}

TEST_F(SymbolizedText, FindsTokensAmongBrackets) {
  EXPECT_EQ(filter("[[ [[/no/a.so||0x1]] ]]"), "[[ a.so+0x1 ]]");
  EXPECT_EQ(filter("[[[/no/a.so||0x1]]]"), "[a.so+0x1]");
  EXPECT_EQ(filter("[[/odd|name||0x1]]"), "odd|name+0x1");
}

}  // namespace
}  // namespace ar::command

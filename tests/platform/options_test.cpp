// Tests src/platform/options.hpp
// src/platform/options.hpp: the table of options, and how their values are read.
#include "platform/options.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstring>
#include <set>
#include <string>

#include "platform/environment.hpp"

namespace ar::platform {
namespace {

TEST(Options, HaveNamesOfTheirOwnAndDefaultsThatAreAccepted) {
  std::set<std::string> names;
  for (const Option& row : options) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_TRUE(std::string{row.meaning}.ends_with('.')) << row.name;
    EXPECT_EQ(std::string{row.meaning}.find('|'), std::string::npos)
        << row.name << ": the meaning breaks a table";
    switch (row.kind) {
      case OptionKind::flag:
      case OptionKind::choice:
        EXPECT_NE(choice_index(row, row.default_value), no_choice) << row.name;
        break;
      case OptionKind::number:
        EXPECT_NE(number_in_range(row, row.default_value), no_number) << row.name;
        break;
      case OptionKind::path:
      case OptionKind::text:
        EXPECT_STREQ(row.values, "") << row.name;
        break;
    }
  }
}

TEST(Options, NamesDifferByMoreThanOneLetter) {
  for (const Option& one : options) {
    for (const Option& other : options) {
      EXPECT_FALSE(is_one_letter_away(one.name, std::strlen(one.name), other.name)) << one.name << other.name;
    }
  }
}

TEST(Options, ChoicesAreWholeWords) {
  constexpr Option mode = option("ARPENT_MODE");
  EXPECT_EQ(choice_index(mode, "off"), 0U);
  EXPECT_EQ(choice_index(mode, "stacks"), 2U);
  for (const char* value : {"", "of", "offs", "stack", "sites|stacks", "OFF", "|"}) {
    EXPECT_EQ(choice_index(mode, value), no_choice) << value;
  }
}

TEST(Options, NumbersLieInTheirRange) {
  constexpr Option depth = option("ARPENT_STACK_DEPTH");
  EXPECT_EQ(number_in_range(depth, "1"), 1U);
  EXPECT_EQ(number_in_range(depth, "0512"), 512U);
  for (const char* value : {"", "0", "513", "-1", "+1", "1 ", "4294967297", "99999999999999999999"}) {
    EXPECT_EQ(number_in_range(depth, value), no_number) << value;
  }
}

TEST(Options, OneLetterAwayIsOneMoreLessOtherOrTwoSwapped) {
  const auto away = [](const char* name) { return is_one_letter_away(name, std::strlen(name), "MODE"); };
  for (const char* name : {"ODE", "MDE", "MOD", "MMODE", "MODES", "XMODE", "NODE", "MODI", "OMDE", "MOED"}) {
    EXPECT_TRUE(away(name)) << name;
  }
  for (const char* name : {"MODE", "", "MO", "MEDO", "NUDE", "MODERN", "EDOM"}) {
    EXPECT_FALSE(away(name)) << name;
  }
}

TEST(Options, AValueThatIsNotAcceptedIsReportedOnceAndGivesTheDefault) {
  ::setenv("ARPENT_MODE", "stack", 1);
  testing::internal::CaptureStderr();
  EXPECT_EQ(read_choice(option("ARPENT_MODE"), environment_value), 1U);
  EXPECT_EQ(read_choice(option("ARPENT_MODE"), environment_value), 1U);
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "arpent: ARPENT_MODE is 'stack', but must be off, sites or stacks; 'sites' is used\n");
  EXPECT_EQ(::getenv("ARPENT_MODE"), nullptr);
}

}  // namespace
}  // namespace ar::platform

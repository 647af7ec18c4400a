// Tests tools/arpent/learn/
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "arpent/learn/compiler_command.hpp"
#include "arpent/learn/compiler_message.hpp"
#include "arpent/learn/course_files.hpp"
#include "arpent/learn/track.hpp"

namespace ar::command::learn {
namespace {

constexpr const char* source = "#pragma once\n\n  int sum(int a) { return b; }\n";

TEST(CompilerMessage, HasLineAndSourceOfAnErrorInTheExercise) {
  EXPECT_EQ(shortened("In file included from /c/test.cpp:3:\n"
                      "/w/3.3/exercise.hpp: In function 'int sum(int)':\n"
                      "/w/3.3/exercise.hpp:3:27: error: 'b' was not declared in this scope\n"
                      "compilation terminated.\n",
                      source),
            "exercise.hpp, line 3: 'b' was not declared in this scope\n    int sum(int a) { return b; }\n");
}

TEST(CompilerMessage, NamesTheLineThatLedIntoAHeader) {
  EXPECT_EQ(
      shortened("/i/allocator.hpp: In instantiation of 'void free(Items)':\n"
                "/w/3.3/exercise.hpp:3:27:   required from here\n"
                "/i/allocator.hpp:90:5: error: static assertion failed: this is no span\n",
                source),
      "exercise.hpp, line 3: static assertion failed: this is no span\n    int sum(int a) { return b; }\n");
}

TEST(CompilerMessage, SaysThatTheTestsCannotUseIt) {
  EXPECT_EQ(shortened("/c/test.cpp:9:3: error: 'sum' was not declared in this scope\n"
                      "/w/3.3/exercise.hpp:3:7: note: 'sun' declared here\n"
                      "/c/test.cpp:11:3: error: 'sum' was not declared in this scope\n",
                      source),
            "the tests cannot use what exercise.hpp has: 'sum' was not declared in this scope\n"
            "the tests cannot use what exercise.hpp has: 'sum' was not declared in this scope\n");
}

TEST(CompilerMessage, KeepsThreeErrors) {
  std::string output;
  for (int count = 0; count < 5; ++count) {
    output += "exercise.hpp:9:1: error: no\n";
  }
  EXPECT_EQ(shortened(output, source),
            "exercise.hpp, line 9: no\nexercise.hpp, line 9: no\nexercise.hpp, line 9: no\n"
            "and 2 more, which may go away with these\n");
}

TEST(CompilerMessage, OfNoErrorIsEmpty) { EXPECT_EQ(shortened("ld: cannot find -lm\n", source), ""); }

TEST(CompilerMessage, OfClangNamesThePlaceThatFollows) {
  EXPECT_EQ(
      shortened("In file included from /c/test.cpp:3:\n"
                "/i/allocator.hpp:90:17: error: static assertion failed: this is no span\n"
                "   90 |   static_assert(is_span, \"error: this is no span\");\n"
                "      |                 ^~~~~~~\n"
                "/w/3.3/exercise.hpp:3:27: note: in instantiation of 'free<Items>' requested here\n"
                "    3 |   int sum(int a) { return b; }\n"
                "      |                           ^\n"
                "1 error generated.\n",
                source),
      "exercise.hpp, line 3: static assertion failed: this is no span\n    int sum(int a) { return b; }\n");
}

TEST(CompilerMessage, FirstErrorSkipsWhatLeadsToIt) {
  EXPECT_EQ(
      first_error_in("In file included from a.cpp:1:\n   12 | \"error: no\"\na.hpp:3:1: error: yes\nmore\n"),
      "a.hpp:3:1: error: yes");
  EXPECT_EQ(first_error_in("cannot start\nat all\n"), "cannot start");
  EXPECT_EQ(first_error_in(""), "it fails without a message");
}

TEST(CompilerCommand, SplitsWordsAsAShellDoes) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(words_of("g++"), Words{"g++"});
  EXPECT_EQ(words_of("  ccache\tg++  -m64 "), (Words{"ccache", "g++", "-m64"}));
  EXPECT_EQ(words_of(R"("/my tools/g++" -D'A="b c"' x\ y "a\"b")"),
            (Words{"/my tools/g++", "-DA=\"b c\"", "x y", "a\"b"}));
  EXPECT_EQ(words_of("'' \"\""), (Words{"", ""}));
  EXPECT_EQ(words_of("g++ 'not closed"), (Words{"g++", "not closed"}));
  EXPECT_EQ(words_of(" \n"), Words{});
  EXPECT_EQ(words_of("ends\\"), Words{"ends\\"});
}

TEST(CompilerMessage, OfZigNamesThePlaceThatFollows) {
  EXPECT_EQ(shortened("/z/std/mem/Allocator.zig:90:5: error: no field named 'size'\n"
                      "    size\n    ^~~~\n"
                      "/w/3.3/exercise.zig:3:27: note: called from here\n"
                      "/w/3.3/exercise.zig:1:1: note: called from here\n",
                      source, Track::zig),
            "exercise.zig, line 3: no field named 'size'\n    int sum(int a) { return b; }\n");
}

TEST(CompilerMessage, OfZigSaysThatTheTestsCannotUseIt) {
  EXPECT_EQ(
      shortened("/c/test.zig:9:20: error: root source file struct 'exercise' has no member named 'sum'\n"
                "    _ = exercise.sum;\n"
                "/w/3.3/exercise.zig:1:1: note: struct declared here\n",
                source, Track::zig),
      "the tests cannot use what exercise.zig has: root source file struct 'exercise' has no member named "
      "'sum'\n");
}

TEST(Hints, AreTheItemsOfTheNumberedList) {
  EXPECT_EQ(hints_in("# Hints\n\n1. One.\n2. Two,\n   in two lines.\n3. Three."),
            (std::vector<std::string>{"One.", "Two,\nin two lines.", "Three."}));
  EXPECT_EQ(hints_in("# Hints\n"), std::vector<std::string>{});
}

TEST(Exercises, AreFoundByNumberOrName) {
  const Course course{.track = Track::cpp,
                      .folder = {},
                      .headers = {},
                      .library = {},
                      .zig_module = {},
                      .exercises = {{.number = "3.1", .name = "3.1-stack", .folder = {}},
                                    {.number = "3.2", .name = "3.2-pointers", .folder = {}}}};
  EXPECT_EQ(course.find("3.2"), &course.exercises[1]);
  EXPECT_EQ(course.find("1"), course.exercises.data());
  EXPECT_EQ(course.find("3.2-pointers"), &course.exercises[1]);
  EXPECT_EQ(course.find("3"), nullptr);
}

}  // namespace
}  // namespace ar::command::learn

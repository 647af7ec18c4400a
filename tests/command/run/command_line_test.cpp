// Tests tools/arpent/run/
// What a command line means, and which file a program's name stands for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "arpent/common/command_line.hpp"
#include "arpent/common/environment.hpp"
#include "arpent/common/exit_status.hpp"
#include "arpent/common/program_lookup.hpp"
#include "arpent/run/preload.hpp"
#include "arpent/run/program_inspection.hpp"
#include "arpent/run/run_arguments.hpp"
#include "arpent/subcommands.hpp"
#include "platform/options.hpp"

namespace ar::command {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RunArguments : public ::testing::Test {
 protected:
  void SetUp() override { declare_run_options(line_, options_); }

  auto split(const std::vector<std::string>& arguments) { return split_off_program(line_, arguments); }

  CommandLine line_{"test", "test"};
  RunOptions options_;
};

TEST_F(RunArguments, BeginTheProgramAfterTwoDashes) {
  const auto [own, program] = split({"--top", "3", "--", "ls", "--", "--top"});
  EXPECT_THAT(own, ElementsAre("--top", "3"));
  EXPECT_THAT(program, ElementsAre("ls", "--", "--top"));
}

TEST_F(RunArguments, BeginTheProgramAtTheFirstWordOfItsOwn) {
  const auto [own, program] = split({"--follow-children", "--report=x", "git", "log", "--", "file"});
  EXPECT_THAT(own, ElementsAre("--follow-children", "--report=x"));
  EXPECT_THAT(program, ElementsAre("git", "log", "--", "file"));
}

TEST_F(RunArguments, TakeAnOptionsValueForNoProgram) {
  const auto [own, program] = split({"--report", "file", "--follow-children", "ls"});
  EXPECT_THAT(own, ElementsAre("--report", "file", "--follow-children"));
  EXPECT_THAT(program, ElementsAre("ls"));
}

TEST_F(RunArguments, LeaveUnknownOptionsToBeComplainedOf) {
  const auto [own, program] = split({"--tpo", "--", "ls"});
  EXPECT_THAT(own, ElementsAre("--tpo"));
  EXPECT_THAT(program, ElementsAre("ls"));
}

TEST_F(RunArguments, MayNameNoProgram) {
  EXPECT_THAT(split({}).second, IsEmpty());
  EXPECT_THAT(split({"--"}).second, IsEmpty());
  EXPECT_THAT(split({"--report"}).second, IsEmpty());
}

TEST(Subcommands, AreFoundByName) {
  ASSERT_NE(find_subcommand("run"), nullptr);
  EXPECT_EQ(find_subcommand("run"), &run_subcommand);
  EXPECT_EQ(find_subcommand("ru"), nullptr);
  EXPECT_EQ(find_subcommand(""), nullptr);
}

TEST(EnvironmentHelp, ListsEveryVariableOnce) {
  const std::string help = environment_help();
  for (const platform::Option& row : platform::options) {
    const std::string entry = "\n  " + std::string{row.name} + " (";
    const std::size_t first = help.find(entry);
    ASSERT_NE(first, std::string::npos) << row.name;
    EXPECT_EQ(help.find(entry, first + 1), std::string::npos) << row.name;
  }
}

TEST(Tracking, KeepsAnEarlierPreloadBehindOurs) {
  Environment environment;
  environment.set("LD_PRELOAD", "/usr/lib/first.so second.so");
  add_tracking(environment, {.library = "/opt/arpent/libarpent-preload.so", .profile_directory = "/run/x"});
  EXPECT_EQ(environment.get("LD_PRELOAD"), "/opt/arpent/libarpent-preload.so:/usr/lib/first.so second.so");
  EXPECT_EQ(environment.get("ARPENT_ORIGINAL_LD_PRELOAD"), "/usr/lib/first.so second.so");
  EXPECT_EQ(environment.get("ARPENT_PROFILE_DIRECTORY"), "/run/x");
  EXPECT_EQ(environment.get("ARPENT_MODE"), "stacks");
  EXPECT_EQ(environment.get("ARPENT_STACK_DEPTH"), "128");
  EXPECT_FALSE(environment.get("ARPENT_FOLLOW_CHILDREN"));
  EXPECT_FALSE(environment.get("ARPENT_COMMAND_LINE"));
}

TEST(Tracking, WithholdsTheCommandLine) {
  Environment environment;
  add_tracking(environment, {.no_command_line = true, .library = "/l.so", .profile_directory = "/run/x"});
  EXPECT_EQ(environment.get("ARPENT_COMMAND_LINE"), "0");
}

TEST(Tracking, LeavesNoTraceOfAnEarlierRun) {
  Environment environment;
  environment.set("ARPENT_FOLLOW_CHILDREN", "1");
  environment.set("ARPENT_ORIGINAL_LD_PRELOAD", "old.so");
  add_tracking(environment, {.mode = "off", .library = "/l.so", .profile_directory = "/run/x"});
  EXPECT_EQ(environment.get("LD_PRELOAD"), "/l.so");
  EXPECT_FALSE(environment.get("ARPENT_FOLLOW_CHILDREN"));
  EXPECT_FALSE(environment.get("ARPENT_ORIGINAL_LD_PRELOAD"));
  EXPECT_EQ(environment.get("ARPENT_MODE"), "off");
}

class ProgramFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "program-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    environment_.set("PATH", folder_.string() + ":/usr/bin:/bin");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string file(std::string_view name, std::string_view content, mode_t mode = 0755) {
    const std::filesystem::path path = folder_ / name;
    std::ofstream{path, std::ios::binary} << content;
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
    return path.string();
  }

  int status_of(const std::string& name) {
    const auto found = find_program(name, environment_);
    return found ? 0 : found.error().status;
  }

  std::filesystem::path folder_;
  Environment environment_;
};

TEST_F(ProgramFiles, AreSoughtInPath) {
  const std::string tool = file("tool", "#!/bin/sh\n");
  EXPECT_EQ(find_program("tool", environment_), tool);
  EXPECT_EQ(find_program(tool, environment_), tool);
  EXPECT_EQ(status_of("no-such-tool"), status_not_found);
  EXPECT_EQ(status_of(""), status_not_found);
  EXPECT_EQ(status_of(tool + "/below"), status_not_found);
  EXPECT_EQ(status_of((folder_ / "none").string()), status_not_found);
}

TEST_F(ProgramFiles, AreSoughtBeyondOneThatCannotBeExecuted) {
  file("ls", "not executable", 0644);
  EXPECT_THAT(find_program("ls", environment_).value_or(""), HasSubstr("bin/ls"));
}

TEST_F(ProgramFiles, ThatCannotBeExecutedAreToldApart) {
  const std::string plain = file("plain-tool", "", 0644);
  EXPECT_EQ(status_of("plain-tool"), status_not_executable);
  EXPECT_EQ(status_of(plain), status_not_executable);
  EXPECT_EQ(status_of(folder_.string()), status_not_executable);
  EXPECT_EQ(find_program(folder_.string(), environment_).error().what,
            "'" + folder_.string() + "' cannot be executed: Is a directory");
}

TEST_F(ProgramFiles, AnEmptyEntryOfPathIsTheWorkingDirectory) {
  file("local-tool", "");
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder_);
  environment_.set("PATH", "/nowhere:");
  EXPECT_EQ(find_program("local-tool", environment_), "./local-tool");
  std::filesystem::current_path(before);
}

TEST_F(ProgramFiles, WithoutPathTheSystemsAreSought) {
  EXPECT_EQ(find_program("sh", Environment{}), "/bin/sh");
}

TEST_F(ProgramFiles, ScriptsAreJudgedByTheirInterpreter) {
  const auto image = [&](std::string_view first_line) {
    const auto inspection =
        inspect_program(file("script", std::string{first_line} + "\necho\n"), environment_);
    return inspection ? inspection->image : inspection.error().what;
  };
  EXPECT_EQ(image("#!/bin/sh -e"), "/bin/sh");
  EXPECT_EQ(image("#! /usr/bin/env sh"), "/usr/bin/sh");
  EXPECT_EQ(image("#!/usr/bin/env -S A=1 sh -e"), "/usr/bin/sh");
  EXPECT_EQ(image("#!/usr/bin/env no-such-interpreter"), "/usr/bin/env");
  EXPECT_THAT(image("#!/no/such/interpreter"), HasSubstr("needs the interpreter '/no/such/interpreter'"));
  EXPECT_THAT(image("#!"), HasSubstr("names no interpreter"));
  file("first", "#!" + (folder_ / "second").string() + "\n");
  file("second", "#!" + (folder_ / "first").string() + "\n");
  EXPECT_THAT(image("#!" + (folder_ / "first").string()),
              HasSubstr("chain of interpreters that is too long"));
}

TEST_F(ProgramFiles, TextWithoutInterpreterGoesToTheShell) {
  const auto inspection = inspect_program(file("script", "echo hello\n"), environment_);
  ASSERT_TRUE(inspection) << inspection.error().what;
  EXPECT_TRUE(inspection->shell_script_without_line);
}

TEST_F(ProgramFiles, NonsenseIsRefused) {
  const auto refusal = [&](std::string_view content) {
    const auto inspection = inspect_program(file("nonsense", content), environment_);
    return inspection ? std::string{"accepted"} : inspection.error().what;
  };
  using namespace std::string_view_literals;
  EXPECT_THAT(refusal("\0\1\2 binary"sv), HasSubstr("neither a program nor a script"));
  EXPECT_THAT(refusal("\x7f"
                      "ELF"sv),
              HasSubstr("is a damaged ELF file"));
  EXPECT_THAT(
      refusal("\x7f"
              "ELF\2\1\1 then nothing of use, for more bytes than a header has: nothing of use at all"sv),
      HasSubstr("is a damaged ELF file"));
}

TEST_F(ProgramFiles, RaisedPrivilegesAreSeen) {
  const std::string copy = (folder_ / "raised").string();
  std::filesystem::copy_file("/bin/true", copy);
  auto inspection = inspect_program(copy, environment_);
  ASSERT_TRUE(inspection);
  EXPECT_EQ(inspection->obstacle, Obstacle::none);
  EXPECT_FALSE(inspection->contains_arpent);
  EXPECT_FALSE(inspection->needs_arpent);
  if (::getuid() == 0) {
    ASSERT_EQ(::chown(copy.c_str(), 65534, 65534), 0);
  }
  ASSERT_EQ(::chmod(copy.c_str(), 06755), 0);
  inspection = inspect_program(copy, environment_);
  ASSERT_TRUE(inspection);
  // A program that is set-uid to whoever runs it raises nothing.
  EXPECT_EQ(inspection->obstacle, ::getuid() == 0 ? Obstacle::raised_privileges : Obstacle::none);
}

}  // namespace
}  // namespace ar::command

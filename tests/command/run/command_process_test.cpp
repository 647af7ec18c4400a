// Tests tools/arpent/run/
// Running a program, and writing a report about it.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "arpent/common/child_process.hpp"
#include "arpent/common/report_target.hpp"
#include "arpent/run/private_directory.hpp"
#include "arpent/run/profile_collection.hpp"
#include "arpent/run/run_survey.hpp"
#include "support/profile_builder.hpp"

namespace ar::command {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Launch shell(const std::string& script) {
  return {.path = "/bin/sh", .arguments = {"sh", "-c", script}, .environment = {"PATH=/usr/bin:/bin"}};
}

TEST(RunChild, TellsTheExitStatus) {
  const auto child = run_child(shell("exit 37"));
  ASSERT_TRUE(child);
  EXPECT_GT(child->pid, 0);
  EXPECT_FALSE(child->ending.by_signal);
  EXPECT_EQ(child->ending.status, 37);
}

TEST(RunChild, TellsTheSignal) {
  const auto child = run_child(shell("kill -SEGV $$"));
  ASSERT_TRUE(child);
  EXPECT_TRUE(child->ending.by_signal);
  EXPECT_EQ(child->ending.signal, SIGSEGV);
}

TEST(RunChild, TellsWhyExecFailed) {
  const auto missing = run_child({.path = "/no/such/program", .arguments = {"x"}, .environment = {}});
  ASSERT_FALSE(missing);
  EXPECT_TRUE(missing.error().in_exec);
  EXPECT_EQ(missing.error().error, ENOENT);
  const auto folder = run_child({.path = "/tmp", .arguments = {"x"}, .environment = {}});
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().error, EACCES);
}

// In a process of its own, for signals stay blocked after run_child.
void forwards_to_child() {
  const std::string script =
      "trap 'exit 41' TERM; kill -TERM " + std::to_string(::getpid()) + "; while :; do sleep 0.1; done";
  const auto child = run_child(shell(script));
  std::_Exit(child && !child->ending.by_signal ? child->ending.status : 99);
}

TEST(RunChild, PassesSignalsOn) { EXPECT_EXIT(forwards_to_child(), ::testing::ExitedWithCode(41), ""); }

void gives_child_its_dispositions() {
  ::signal(SIGINT, SIG_DFL);
  ::signal(SIGQUIT, SIG_IGN);
  ::signal(SIGCHLD, SIG_IGN);
  // grep's own mask and ignored signals: bit n - 1 for signal n.
  const auto child =
      run_child(shell("exec sh -c 'grep -q \"^SigBlk:[[:space:]]*0*$\" /proc/self/status && "
                      "ignored=$(sed -n \"s/^SigIgn:[[:space:]]*//p\" /proc/$$/status) && "
                      "[ $((0x$ignored & 2)) = 0 ] && [ $((0x$ignored & 4)) != 0 ]'"));
  std::_Exit(child && !child->ending.by_signal ? child->ending.status : 99);
}

TEST(RunChild, GivesTheProgramTheSignalsAsTheyWere) {
  EXPECT_EXIT(gives_child_its_dispositions(), ::testing::ExitedWithCode(0), "");
}

TEST(DieBy, EndsAsTheProgramDid) {
  EXPECT_EXIT(die_by(SIGKILL), ::testing::KilledBySignal(SIGKILL), "");
  EXPECT_EXIT(die_by(SIGSEGV), ::testing::KilledBySignal(SIGSEGV), "");
  EXPECT_EXIT(die_by(SIGCHLD), ::testing::ExitedWithCode(128 + SIGCHLD), "") << "does not kill";
}

class Files : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "command-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }

  static std::string content(const std::string& path) {
    std::stringstream text;
    text << std::ifstream{path}.rdbuf();
    return text.str();
  }

  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator{folder_}) {
      all.push_back(entry.path().filename().string());
    }
    return all;
  }

  std::filesystem::path folder_;
};

TEST_F(Files, ReportReplacesAFileAndKeepsItsMode) {
  std::ofstream{path("report")} << "old";
  ASSERT_EQ(::chmod(path("report").c_str(), 0640), 0);
  const auto target = ReportTarget::open(path("report"));
  ASSERT_TRUE(target) << target.error();
  EXPECT_EQ(content(path("report")), "old") << "until it is written";
  ASSERT_TRUE(target->write("new\n"));
  EXPECT_EQ(content(path("report")), "new\n");
  struct stat status{};
  ASSERT_EQ(::stat(path("report").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0640U);
  EXPECT_EQ(names().size(), 1U);
}

TEST_F(Files, ReportIsForItsOwnerAlone) {
  const mode_t before = ::umask(0);
  const auto target = ReportTarget::open(path("report"));
  ASSERT_TRUE(target);
  ASSERT_TRUE(target->write("x"));
  ::umask(before);
  struct stat status{};
  ASSERT_EQ(::stat(path("report").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
}

TEST_F(Files, OtherOutputIsMadeAsTheUmaskSays) {
  const mode_t before = ::umask(027);
  const auto target = ReportTarget::open(path("report"), Readers::as_usual);
  ASSERT_TRUE(target);
  EXPECT_THAT(names(), IsEmpty()) << "nothing is left of the trial";
  ASSERT_TRUE(target->write("x"));
  ::umask(before);
  struct stat status{};
  ASSERT_EQ(::stat(path("report").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0640U);
}

TEST_F(Files, ReportGoesThroughALinkAndKeepsIt) {
  std::ofstream{path("file")} << "old";
  std::filesystem::create_symlink("file", path("link"));
  const auto target = ReportTarget::open(path("link"));
  ASSERT_TRUE(target);
  ASSERT_TRUE(target->write("new"));
  EXPECT_TRUE(std::filesystem::is_symlink(path("link")));
  EXPECT_EQ(content(path("file")), "new");
}

TEST_F(Files, ReportGoesToADevice) {
  const auto target = ReportTarget::open("/dev/null");
  ASSERT_TRUE(target) << target.error();
  EXPECT_TRUE(target->write("x"));
  const auto full = ReportTarget::open("/dev/full");
  ASSERT_TRUE(full);
  const auto written = full->write("x");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error(), "the report cannot be written to '/dev/full': No space left on device");
}

TEST_F(Files, ReportThatCannotBeWrittenIsToldAtOnce) {
  EXPECT_THAT(ReportTarget::open(path("no/folder")).error(), HasSubstr("No such file or directory"));
  EXPECT_THAT(ReportTarget::open(folder_.string()).error(), HasSubstr("Is a directory"));
  std::ofstream{path("file")} << "";
  EXPECT_THAT(ReportTarget::open(path("file") + "/below").error(), HasSubstr("Not a directory"));
  std::filesystem::create_symlink("nowhere", path("dangling"));
  EXPECT_FALSE(ReportTarget::open(path("dangling")));
}

TEST_F(Files, ReportIsNotLeftHalfWritten) {
  std::filesystem::create_directory(path("sub"));
  const auto target = ReportTarget::open(path("sub/report"));
  ASSERT_TRUE(target);
  std::filesystem::remove_all(path("sub"));
  const auto written = target->write("x");
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error(), HasSubstr("No such file or directory"));
  EXPECT_THAT(names(), IsEmpty());
}

TEST(WriteAll, WaitsForADescriptorThatDoesNotBlock) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe2(pipe.data(), O_NONBLOCK | O_CLOEXEC), 0);
  const std::string text(1U << 20U, 'x');  // more than a pipe holds
  const pid_t reader = ::fork();
  ASSERT_GE(reader, 0);
  if (reader == 0) {
    ::close(pipe[1]);
    std::array<char, 4096> buffer{};
    std::size_t total = 0;
    for (ssize_t got = 0; (got = ::read(pipe[0], buffer.data(), buffer.size())) != 0;) {
      if (got > 0) {
        total += static_cast<std::size_t>(got);
      } else {
        ::usleep(1000);
      }
    }
    ::_exit(total == (1U << 20U) ? 0 : 1);
  }
  ::close(pipe[0]);
  EXPECT_TRUE(write_all(pipe[1], text));
  ::close(pipe[1]);
  int status = 0;
  ASSERT_EQ(::waitpid(reader, &status, 0), reader);
  EXPECT_EQ(status, 0);
}

TEST(PrivateDirectoryTest, IsPrivateAndGoneAfterwards) {
  std::filesystem::path path;
  {
    const auto directory = PrivateDirectory::create(Environment{});
    ASSERT_TRUE(directory) << directory.error();
    path = directory->path();
    struct stat status{};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0700U);
    std::ofstream{path / "file"} << "x";
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(Files, PrivateDirectoryGoesWhereTheUserSays) {
  Environment environment;
  environment.set("XDG_RUNTIME_DIR", folder_.string());
  const auto directory = PrivateDirectory::create(environment);
  ASSERT_TRUE(directory);
  EXPECT_EQ(directory->path().parent_path(), folder_);
}

class Collection : public Files {
 protected:
  [[nodiscard]] Descriptor opened() const {
    return Descriptor{::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  }
  void profile(const std::string& name, track::RunState state, std::int32_t pid = 0) {
    testing::ProfileBuilder builder;
    builder.header().state = state;
    builder.header().pid = pid;
    const auto bytes = builder.bytes();
    std::ofstream{folder_ / name, std::ios::binary}.write(reinterpret_cast<const char*>(bytes.data()),
                                                          static_cast<std::streamsize>(bytes.size()));
  }
};

TEST_F(Collection, TakesTheLastImageOfTheProgramAsTheMainOne) {
  profile("100.0.profile", track::RunState::running);
  profile("100.2.profile", track::RunState::exited);
  profile("100.10.profile", track::RunState::quick_exit);
  profile("99.0.profile", track::RunState::exited);
  std::ofstream{path("libarpent-preload.so")} << "no profile";
  std::ofstream{path("100.x.profile")} << "no profile";
  const ProfileCollection collection = collect_profiles(opened().number(), 100, {}, {});
  ASSERT_TRUE(collection.main);
  EXPECT_EQ(collection.main->number, 10U);
  EXPECT_EQ(collection.main->end, profile::ImageEnd::quick_exited);
  ASSERT_EQ(collection.others.size(), 3U);
  EXPECT_EQ(collection.others[0].profile.pid, 99);
  EXPECT_EQ(collection.others[1].end, profile::ImageEnd::replaced);
  EXPECT_THAT(collection.damaged, IsEmpty());
}

TEST_F(Collection, KnowsWhoWasKilledAndWhoStillRuns) {
  profile("100.0.profile", track::RunState::running);
  profile("1.0.profile", track::RunState::running);
  const std::string self = std::to_string(::getpid());
  profile(self + ".0.profile", track::RunState::running);
  profile("4194305.0.profile", track::RunState::running);  // above the kernel's greatest
  profile::Ending ending;
  ending.by_signal = true;
  const ProfileCollection collection = collect_profiles(opened().number(), 100, ending, {});
  ASSERT_TRUE(collection.main);
  EXPECT_EQ(collection.main->end, profile::ImageEnd::killed);
  for (const profile::ProcessImage& image : collection.others) {
    EXPECT_EQ(image.end,
              image.profile.pid == 4194305 ? profile::ImageEnd::killed : profile::ImageEnd::still_running)
        << image.profile.pid;
  }
}

TEST_F(Collection, NamesDamagedProfiles) {
  std::ofstream{path("100.0.profile")} << "damaged";
  const ProfileCollection collection = collect_profiles(opened().number(), 100, {}, {});
  EXPECT_FALSE(collection.main);
  EXPECT_THAT(collection.damaged, Contains(HasSubstr("The profile of process 100 is cut short: 7 bytes")));
}

ProfileCollection with_allocations(std::uint64_t allocations, bool serving) {
  ProfileCollection collection;
  collection.main.emplace();
  collection.main->profile.totals.allocations = allocations;
  collection.main->profile.serving = serving;
  return collection;
}

profile::Survey survey_of(const Inspection& inspection, ProfileCollection collection) {
  return make_survey({.program = "/bin/x",
                      .inspection = inspection,
                      .arguments = {"x"},
                      .recorded = true,
                      .full_stacks = true,
                      .untracked = {}},
                     {.pid = 1, .ending = {}}, std::move(collection));
}

TEST(RunSurvey, SaysThatAnAllocatorInsideCannotBeSeenInsteadOfZero) {
  Inspection inspection;
  inspection.image = "/bin/odd";
  inspection.own_malloc_exported = true;
  const profile::Survey survey = survey_of(inspection, with_allocations(0, false));
  EXPECT_FALSE(survey.main);
  EXPECT_THAT(survey.why_not_tracked, HasSubstr("'/bin/odd' has a malloc of its own inside"));
}

TEST(RunSurvey, SaysSoOfAStrippedProgramToo) {
  const profile::Survey survey = survey_of({}, with_allocations(0, false));
  EXPECT_FALSE(survey.main);
  EXPECT_THAT(survey.why_not_tracked, HasSubstr("another malloc than Arpent's"));
}

TEST(RunSurvey, TellsAPartialViewFromAWholeOne) {
  Inspection inspection;
  EXPECT_THAT(survey_of(inspection, with_allocations(5, true)).notes, IsEmpty());
  inspection.own_malloc_hidden = true;
  const profile::Survey survey = survey_of(inspection, with_allocations(5, true));
  EXPECT_TRUE(survey.main);
  EXPECT_THAT(survey.notes, Contains(HasSubstr("the figures are those of its libraries")));
}

TEST(RunSurvey, NamesTheObstacle) {
  Inspection inspection;
  inspection.obstacle = Obstacle::sanitizer;
  inspection.explanation = "because";
  EXPECT_EQ(survey_of(inspection, {}).why_not_tracked, "because");
}

}  // namespace
}  // namespace ar::command

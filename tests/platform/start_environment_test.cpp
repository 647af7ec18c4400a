// Tests src/platform/start_environment.cpp
#include "platform/start_environment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>
#include <vector>

namespace {

using ar::platform::StartEnvironment;

// What the process that this test starts itself as sees; told by an argument, see main below.
std::string seen_with(const std::vector<std::string>& environment) {
  std::vector<char*> entries;
  entries.reserve(environment.size() + 1);
  for (const std::string& entry : environment) {
    entries.push_back(const_cast<char*>(entry.c_str()));
  }
  entries.push_back(nullptr);
  std::array<int, 2> ends{};
  EXPECT_EQ(pipe(ends.data()), 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], 1);
    std::string program{"/proc/self/exe"};
    std::string told{"--show-environment"};
    std::array<char*, 3> arguments{program.data(), told.data(), nullptr};
    execve(program.c_str(), arguments.data(), entries.data());
    _exit(127);
  }
  close(ends[1]);
  std::string seen;
  std::array<char, 4096> chunk{};
  for (ssize_t got = 0; (got = read(ends[0], chunk.data(), chunk.size())) > 0;) {
    seen.append(chunk.data(), static_cast<std::size_t>(got));
  }
  close(ends[0]);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  return seen;
}

TEST(StartEnvironment, KeepsOnlyWhatIsWanted) {
  EXPECT_EQ(seen_with({"PATH=/a:/b", "LD_PRELOAD=/x.so", "ARPENT_MODE=off", "TZ=UTC", "SECRET=1", "LC_ALL=C",
                       "NOEQUALS"}),
            "PATH=/a:/b\nTZ=UTC\nLC_ALL=C\n/a:/b|UTC|-\n");
}

TEST(StartEnvironment, LeavesOutWhatIsTooLong) {
  const std::string huge(100000, 'x');
  const std::string large(10000, 'y');
  EXPECT_EQ(seen_with({"PATH=" + huge, "HOME=/h", "XDG_A=" + large, "XDG_B=" + large, "TZ=Europe/Berlin"}),
            "HOME=/h\nXDG_A=" + large + "\nTZ=Europe/Berlin\n-|Europe/Berlin|/h\n");
}

TEST(StartEnvironment, BoundsTheirNumber) {
  std::vector<std::string> many;
  many.reserve(200);
  for (int i = 0; i < 200; ++i) {
    many.push_back("LC_" + std::to_string(i) + "=x");
  }
  const std::string seen = seen_with(many);
  EXPECT_THAT(seen, testing::StartsWith("LC_0=x\nLC_1=x\n"));
  EXPECT_THAT(seen, testing::HasSubstr("LC_63=x\n-|-|-\n"));
}

TEST(StartEnvironment, IsEmptyWhenThereIsNone) { EXPECT_EQ(seen_with({}), "-|-|-\n"); }

int show_environment() {
  static StartEnvironment environment;
  environ = nullptr;  // the program may have lost its own
  environment.read();
  std::string seen;
  for (char* const* entry = environment.entries(); *entry != nullptr; ++entry) {
    seen += std::string{*entry} + '\n';
  }
  for (const char* name : {"PATH", "TZ", "HOME"}) {
    const char* const value = environment.value(name);
    seen += value == nullptr ? "-" : value;
    seen += name[0] == 'H' ? '\n' : '|';
  }
  std::fputs(seen.c_str(), stdout);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::string{argv[1]} == "--show-environment") {
    return show_environment();
  }
  testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}

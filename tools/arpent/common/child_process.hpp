// Runs a program as if this process were it: same terminal, same process group, its signals and its end.
#pragma once

#include <array>
#include <csignal>
#include <expected>
#include <string>
#include <vector>

#include "profile/model/survey.hpp"

namespace ar::command {

struct Launch {
  std::string path;
  std::vector<std::string> arguments;    // the first is the program's name
  std::vector<std::string> environment;  // NAME=value
};

struct ChildEnding {
  int pid = 0;
  profile::Ending ending;
  int passed_on = 0;  // the last signal of end_signals that was passed on to the program; 0 means none
};

// The signals by which people and systems end programs.
inline constexpr std::array end_signals{SIGTERM, SIGHUP, SIGINT, SIGQUIT};

struct LaunchFailure {
  bool in_exec = false;  // the program could not be executed; false means that no process could be started
  int error = 0;         // errno
};

// Meanwhile SIGINT and SIGQUIT are left to the program, which the terminal sends them too; other signals
// that are sent to this process are passed on. One that comes too late for that stays pending. To be called
// from a process with one thread; all these signals are blocked in it afterwards.
[[nodiscard]] std::expected<ChildEnding, LaunchFailure> run_child(const Launch& launch);

// Arguments or an environment as exec takes them: null ends the list. The strings must outlive it.
[[nodiscard]] std::vector<char*> pointers_to(const std::vector<std::string>& strings);

// Ends this process as the program's was ended, without a core of its own.
[[noreturn]] void die_by(int signal);

}  // namespace ar::command

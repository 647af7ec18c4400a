// Runs a program to its end and keeps what it writes.
#pragma once

#include <chrono>
#include <expected>
#include <string>
#include <vector>

#include "arpent/common/environment.hpp"

namespace ar::command::learn {

struct CapturedRun {
  int status = 0;          // of its exit; status_signal_base + signal when a signal ended it
  bool timed_out = false;  // it was ended because it took too long
  std::string output;      // standard output, of each stream the first MiB
  std::string errors;      // standard error
};

// The program is sought in PATH. Its standard input is empty, and its group is its own: what it has started
// ends with it when it takes longer than `limit`, and when SIGINT, SIGTERM or SIGHUP ends this process. The
// error is a sentence without full stop. To be called from a process with one thread.
[[nodiscard]] std::expected<CapturedRun, std::string> run_captured(const std::vector<std::string>& arguments,
                                                                   const Environment& environment,
                                                                   std::chrono::milliseconds limit);

}  // namespace ar::command::learn

// What `arpent run` does once its command line is understood.
#pragma once

#include <string>
#include <vector>

#include "arpent/run/run_arguments.hpp"

namespace ar::command {

struct RunResult {
  int status = 0;  // to exit with
  int signal = 0;  // that ended the program, and is to end this process as well; 0 if there was none
};

// Runs the program, tracked if that is possible, and writes the report. `program` is its name and arguments.
[[nodiscard]] RunResult run_program(const RunOptions& options, const std::vector<std::string>& program);

}  // namespace ar::command

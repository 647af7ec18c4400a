// Why a subcommand ends without doing what was asked.
#pragma once

#include <string>

namespace ar::command {

struct Failure {
  int status = 0;    // the exit status, of exit_status.hpp
  std::string what;  // a sentence without full stop, for standard error
};

}  // namespace ar::command

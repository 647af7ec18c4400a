// Which file a command name stands for, as execvp would find it.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "arpent/common/environment.hpp"

namespace ar::command {

struct LookupFailure {
  int status = 0;    // status_not_found or status_not_executable
  std::string what;  // a sentence without full stop, names the program
};

// The path to execute. A name with a slash is taken as it is; others are sought in PATH of `environment`.
[[nodiscard]] std::expected<std::string, LookupFailure> find_program(const std::string& name,
                                                                     const Environment& environment);

}  // namespace ar::command

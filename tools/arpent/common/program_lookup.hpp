// Which file a command name stands for, as execvp would find it.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "arpent/common/environment.hpp"
#include "arpent/common/failure.hpp"

namespace ar::command {

// The path to execute. A name with a slash is taken as it is; others are looked up in PATH of `environment`.
// The failure has status_not_found or status_not_executable, and names the program.
[[nodiscard]] std::expected<std::string, Failure> find_program(const std::string& name,
                                                               const Environment& environment);

}  // namespace ar::command

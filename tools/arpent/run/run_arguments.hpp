// The command line of `arpent run`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arpent/common/command_line.hpp"

namespace ar::command {

inline constexpr std::string_view run_name = "arpent run";  // what messages begin with

struct RunOptions {
  std::string mode = "stacks";
  std::uint32_t stack_depth = 128;  // frames that are kept of a stack
  std::string format = "text";
  std::string report;        // empty: standard error
  std::string profile;       // file for the profile; empty: it does not stay
  std::string suppressions;  // file; empty: none
  int leak_exit = 0;         // 0: leaks do not change the exit status
  std::size_t top = 10;
  bool follow_children = false;
  bool no_command_line = false;
  std::string program;                         // stays empty
  std::vector<std::string> program_arguments;  // stays empty
};

// Declares the options; `options` must outlive `line`.
void declare_run_options(CommandLine& line, RunOptions& options);

// Whether the command line calls --profile by its name of version 0.1, --output.
[[nodiscard]] bool uses_old_profile_option(const CommandLine& line);

// Splits "[options] [--] PROGRAM ARGS…": the first word that is neither an option nor an option's value
// begins the program, whatever follows belongs to it.
[[nodiscard]] std::pair<std::vector<std::string>, std::vector<std::string>> split_off_program(
    const CommandLine& line, const std::vector<std::string>& arguments);

}  // namespace ar::command

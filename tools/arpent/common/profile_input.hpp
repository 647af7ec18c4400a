// Profiles and suppressions that are named on the command line.
#pragma once

#include <cstddef>
#include <expected>
#include <string>

#include "arpent/common/command_line.hpp"
#include "profile/change/suppressions.hpp"
#include "profile/model/profile.hpp"
#include "profile/read/input.hpp"

namespace ar::command {

// Declares --max-input: how many bytes a file may hold, decompressed. `most` must outlive `line`.
void add_input_limit_option(CommandLine& line, std::size_t& most);
// Declares --no-command-line: what is made of the profile does not hold the program's command line.
CommandLine::Option add_no_command_line_option(CommandLine& line, bool& no_command_line);

// The errors are sentences that name the file, without a full stop.
[[nodiscard]] std::expected<profile::Profile, std::string> open_profile(
    const std::string& file, std::size_t most = profile::default_most_input);

// `file` empty: no suppressions.
[[nodiscard]] std::expected<profile::Suppressions, std::string> open_suppressions(const std::string& file);

}  // namespace ar::command

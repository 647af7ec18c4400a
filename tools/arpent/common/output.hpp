// Where the output of a subcommand goes: standard output, or a file that is written completely or not at all.
#pragma once

#include <string>
#include <string_view>

#include "arpent/common/command_line.hpp"
#include "arpent/common/report_target.hpp"

namespace ar::command {

// Declares --output and -o, which mean the same for every subcommand: what the subcommand prints goes to this
// file. `file` must outlive `line`.
CommandLine::Option add_output_option(CommandLine& line, std::string& file);

// Whether a file name of the command line means standard output: it is empty or "-".
[[nodiscard]] bool is_standard_output(std::string_view file);

// Whether text on this descriptor may be coloured: it is a terminal, and neither NO_COLOR nor TERM objects.
[[nodiscard]] bool allows_colour(int descriptor);

// The same for a file that write_output gets.
[[nodiscard]] bool output_allows_colour(std::string_view file);

// `file` may mean standard output. A new file is for its owner alone unless `readers` says otherwise. Returns
// false after a failure, which it has reported as `command`.
[[nodiscard]] bool write_output(std::string_view command, const std::string& file, std::string_view output,
                                Readers readers = Readers::owner_only);

}  // namespace ar::command

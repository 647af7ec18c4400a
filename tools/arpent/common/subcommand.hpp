// What a subcommand is, and what all of them do alike: parse their arguments, and report on standard error.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ar::command {

struct Subcommand {
  std::string_view name;
  std::string_view summary;                                // one line without full stop
  int (*main)(const std::vector<std::string>& arguments);  // what follows the name; returns the exit status
};

// Parses; an exit status when the subcommand is finished with that: help was printed to standard output, or
// one line that names what is wrong to standard error. The app's name is the full one ("arpent run").
[[nodiscard]] std::optional<int> parse(CLI::App& app, const std::vector<std::string>& arguments);

// What help shows after "Usage:", where CLI11 cannot know it.
void set_usage(CLI::App& app, std::string usage);

// "arpent run: WHAT" and a newline on standard error, in one write.
void complain(std::string_view command, std::string_view what);

}  // namespace ar::command

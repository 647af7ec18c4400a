// What a subcommand is. Each has one file that defines its Subcommand; subcommands.cpp lists them.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ar::command {

struct Subcommand {
  std::string_view name;
  std::string_view summary;                                // one line without full stop
  int (*main)(const std::vector<std::string>& arguments);  // what follows the name; returns the exit status
};

// In the order of `arpent help`.
[[nodiscard]] std::span<const Subcommand* const> subcommands();

// Null when there is none of that name.
[[nodiscard]] const Subcommand* find_subcommand(std::string_view name);

extern const Subcommand run_subcommand;
extern const Subcommand report_subcommand;
extern const Subcommand diff_subcommand;
extern const Subcommand merge_subcommand;
extern const Subcommand snapshot_subcommand;
extern const Subcommand top_subcommand;
extern const Subcommand serve_subcommand;
extern const Subcommand check_subcommand;
extern const Subcommand plan_subcommand;
extern const Subcommand learn_subcommand;
extern const Subcommand symbolize_subcommand;
extern const Subcommand view_subcommand;
extern const Subcommand help_subcommand;

// Parses; an exit status when the subcommand is finished with that: help was printed to standard output, or
// one line that names what is wrong to standard error. The app's name is the full one ("arpent run").
[[nodiscard]] std::optional<int> parse(CLI::App& app, const std::vector<std::string>& arguments);

// What help shows after "Usage:", where CLI11 cannot know it.
void set_usage(CLI::App& app, std::string usage);

// "arpent run: WHAT" and a newline on standard error, in one write.
void complain(std::string_view command, std::string_view what);

}  // namespace ar::command

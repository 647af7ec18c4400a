// The list of all subcommands. Each is defined in the folder of its name.
#pragma once

#include <span>
#include <string_view>

#include "arpent/common/subcommand.hpp"

namespace ar::command {

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

}  // namespace ar::command

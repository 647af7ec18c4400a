#include "arpent/subcommands.hpp"

#include <algorithm>
#include <array>

namespace ar::command {
namespace {

const std::array all_subcommands{
    &run_subcommand,      &report_subcommand,    &view_subcommand,  &diff_subcommand,  &merge_subcommand,
    &snapshot_subcommand, &top_subcommand,       &serve_subcommand, &check_subcommand, &plan_subcommand,
    &learn_subcommand,    &symbolize_subcommand, &help_subcommand};

}  // namespace

std::span<const Subcommand* const> subcommands() { return all_subcommands; }

const Subcommand* find_subcommand(std::string_view name) {
  const auto* const found = std::ranges::find(all_subcommands, name, &Subcommand::name);
  return found == all_subcommands.end() ? nullptr : *found;
}

}  // namespace ar::command

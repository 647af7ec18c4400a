// Completion scripts for shells. Each is one file that needs nothing but its shell.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "arpent/common/command_description.hpp"

namespace ar::command {

// A command with its summary, one line without full stop.
struct SummarizedCommand {
  CommandDescription command;
  std::string_view summary;
};

[[nodiscard]] std::string bash_completion(std::span<const SummarizedCommand> commands);
[[nodiscard]] std::string zsh_completion(std::span<const SummarizedCommand> commands);
[[nodiscard]] std::string fish_completion(std::span<const SummarizedCommand> commands);

}  // namespace ar::command

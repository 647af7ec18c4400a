// Manual pages in the roff macros man(7).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "arpent/common/command_description.hpp"
#include "arpent/manual/completions.hpp"

namespace ar::command {

// What stands at the head and the foot of each page.
struct ManPageFrame {
  std::string_view version;
  std::string_view date;  // YYYY-MM-DD
};

// arpent(1): the list of subcommands, and the environment variables.
[[nodiscard]] std::string overview_man_page(const ManPageFrame& frame,
                                            std::span<const SummarizedCommand> commands);

// arpent-VERB(1). `summary` is one line without full stop.
[[nodiscard]] std::string man_page(const ManPageFrame& frame, const CommandDescription& command,
                                   std::string_view summary);

// "arpent-run" for "arpent run": the name of a page, and of its file before ".1".
[[nodiscard]] std::string man_page_name(std::string_view command);

}  // namespace ar::command

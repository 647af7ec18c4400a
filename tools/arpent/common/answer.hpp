// Where a subcommand's answer goes: standard output, or a file that is written completely or not at all.
#pragma once

#include <string>
#include <string_view>

#include "arpent/common/report_target.hpp"

namespace ar::command {

// Whether text on standard output may be coloured.
[[nodiscard]] bool standard_output_is_coloured();

// `file` empty: standard output. False when it failed, which has been told then, in one line of `command`.
[[nodiscard]] bool write_answer(std::string_view command, const std::string& file, std::string_view answer,
                                Readers readers = Readers::as_usual);

}  // namespace ar::command

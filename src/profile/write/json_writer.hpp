// The report that programs read. Its fields are documented in docs/commands/run.md and stay as they are.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "profile/model/survey.hpp"
#include "profile/symbols/symbols.hpp"

namespace ar::profile {

// The number that changes when a field changes its name or meaning; new fields may come without.
inline constexpr int json_format = 1;

// UTF-8, ends with a newline. Bytes that are no UTF-8 are replaced by U+FFFD.
[[nodiscard]] std::string json_report(const Survey& survey, Symbolizer& symbolizer);

// Of one profile that was read from a file: what `arpent report` writes. `version` is that of the command,
// `notes` are sentences for people; what the symbolizer could not name is added.
[[nodiscard]] std::string json_report(const Profile& profile, Symbolizer& symbolizer,
                                      std::string_view version, const std::vector<std::string>& notes);

}  // namespace ar::profile

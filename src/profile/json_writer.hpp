// The report that programs read. Its fields are documented in docs/commands.md and stay as they are.
#pragma once

#include <string>

#include "profile/survey.hpp"
#include "profile/symbols.hpp"

namespace ar::profile {

// The number that changes when a field changes its name or meaning; new fields may come without.
inline constexpr int json_format = 1;

// UTF-8, ends with a newline. Bytes that are no UTF-8 are replaced by U+FFFD.
[[nodiscard]] std::string json_report(const Survey& survey, Symbolizer& symbolizer);

}  // namespace ar::profile

// The findings as programs read them; docs/commands/check.md describes the fields.
#pragma once

#include <string>

#include "arpent/check/findings.hpp"

namespace ar::command::check {

// The number that changes when a field changes its name or meaning; new fields may come without.
inline constexpr int json_format = 1;

// UTF-8, ends with a newline. Bytes that are no UTF-8 are replaced by U+FFFD.
[[nodiscard]] std::string json_report(const Findings& findings);

}  // namespace ar::command::check

// The table of a file's modules, for people.
#pragma once

#include <string>

#include "arpent/check/findings.hpp"

namespace ar::command::check {

// A row per module, after an empty line. Without `all`, the many modules that have no note are only counted.
[[nodiscard]] std::string module_table(const CheckedFile& file, bool all);

}  // namespace ar::command::check

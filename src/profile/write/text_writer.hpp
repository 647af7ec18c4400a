// The report that people read.
#pragma once

#include <string>

#include "profile/model/survey.hpp"
#include "profile/symbols/symbols.hpp"
#include "profile/write/text_style.hpp"

namespace ar::profile {

// Ends with a newline. Without profile (Survey::main), says why in place of figures.
[[nodiscard]] std::string text_report(const Survey& survey, Symbolizer& symbolizer,
                                      const TextOptions& options);

}  // namespace ar::profile

// The report that people read.
#pragma once

#include <cstddef>
#include <string>

#include "profile/survey.hpp"
#include "profile/symbols.hpp"

namespace ar::profile {

struct TextOptions {
  std::size_t top = 10;  // rows of each table
  bool colour = false;
};

// Ends with a newline. Without profile (Survey::main), says why in place of figures.
[[nodiscard]] std::string text_report(const Survey& survey, Symbolizer& symbolizer,
                                      const TextOptions& options);

}  // namespace ar::profile

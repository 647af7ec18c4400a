// The look of reports for people: headings, lines of the summary, emphasis.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ar::profile {

struct TextOptions {
  std::size_t top = 10;  // rows of each table
  bool colour = false;
};

// Terminal sequences, or nothing.
struct Style {
  std::string_view bold;
  std::string_view alarm;
  std::string_view plain;
};
[[nodiscard]] Style style_for(bool colour);

// "== arpent: TITLE =====…", with a newline.
[[nodiscard]] std::string heading(std::string_view title, const Style& style);

// A line of the summary.
[[nodiscard]] std::string summary_line(std::string_view name, std::string_view text, const Style& style);

// "TITLE (the first 10 of 25)" above a table, after an empty line.
[[nodiscard]] std::string table_title(std::string_view title, std::size_t shown, std::size_t all,
                                      const Style& style);

}  // namespace ar::profile

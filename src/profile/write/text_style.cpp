#include "profile/write/text_style.hpp"

#include <fmt/format.h>

#include "profile/model/text_format.hpp"

namespace ar::profile {
namespace {

constexpr std::size_t heading_width = 78;

}  // namespace

Style style_for(bool colour) {
  return colour ? Style{.bold = "\x1b[1m", .alarm = "\x1b[1;31m", .plain = "\x1b[0m"} : Style{};
}

std::string heading(std::string_view title, const Style& style) {
  std::string line = fmt::format("== arpent: {} ", title);
  if (line.size() < heading_width) {
    line.append(heading_width - line.size(), '=');
  }
  return fmt::format("{}{}{}\n", style.bold, line, style.plain);
}

std::string summary_line(std::string_view name, std::string_view text, const Style& style) {
  return fmt::format("  {}{:<10}{}  {}\n", style.bold, name, style.plain, text);
}

std::string table_title(std::string_view title, std::size_t shown, std::size_t all, const Style& style) {
  std::string line = fmt::format("\n{}{}{}", style.bold, title, style.plain);
  if (all > shown) {
    line += fmt::format(" (the first {} of {})", shown, with_separators(all));
  }
  return line + '\n';
}

}  // namespace ar::profile

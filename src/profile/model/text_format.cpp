#include "profile/model/text_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <system_error>

namespace ar::profile {
namespace {

constexpr std::uint64_t unit_step = 1024;

void append_repeated(std::string& out, std::size_t count) { out.append(count, ' '); }

// Columns a terminal needs, to the precision of one a code point.
std::size_t display_width(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80; }));
}

}  // namespace

std::string with_separators(std::uint64_t value) {
  std::string digits = std::to_string(value);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

std::string as_size(std::uint64_t bytes) {
  static constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < unit_step) {
    return fmt::format("{} B", bytes);
  }
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  // 1023.95 would be shown as 1024.0.
  while (value >= 1023.95 && unit + 1 < units.size()) {
    value /= static_cast<double>(unit_step);
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, units.at(unit));
}

std::string counted(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", with_separators(count), noun, count == 1 ? "" : "s");
}

std::string as_share(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0 || part == 0) {
    return "0 %";
  }
  const double share = 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  if (share < 0.5) {
    return "<1 %";
  }
  if (part < whole && share >= 99.5) {
    return ">99 %";
  }
  return fmt::format("{:.0f} %", share);
}

CodePoint first_code_point(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (text.empty()) {
    return {};
  }
  const unsigned char lead = byte(0);
  std::size_t length = 0;
  std::uint32_t code = 0;
  std::uint32_t least = 0;
  if (lead < 0x80) {
    return {.value = lead, .length = 1};
  }
  if ((lead & 0xe0U) == 0xc0) {
    length = 2, code = lead & 0x1fU, least = 0x80;
  } else if ((lead & 0xf0U) == 0xe0) {
    length = 3, code = lead & 0x0fU, least = 0x800;
  } else if ((lead & 0xf8U) == 0xf0) {
    length = 4, code = lead & 0x07U, least = 0x10000;
  } else {
    return {};
  }
  if (text.size() < length) {
    return {};
  }
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) {
      return {};
    }
    code = (code << 6U) | (byte(i) & 0x3fU);
  }
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  return code < least || code > 0x10ffff || surrogate ? CodePoint{}
                                                      : CodePoint{.value = code, .length = length};
}

bool is_invisible_control(std::uint32_t code) {
  const bool is_of_terminals = code < 0x20 || (code >= 0x7f && code < 0xa0);
  const bool is_of_direction = code == 0x61c || code == 0x200e || code == 0x200f ||
                               (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
  const bool ends_a_line = code == 0x2028 || code == 0x2029;
  // Of no width: they split a word that looks whole. Those that join letters (U+200C, U+200D) are needed in
  // words.
  const bool is_nothing = code == 0x200b || (code >= 0x2060 && code <= 0x2064) || code == 0xfeff;
  const bool is_tag = code >= 0xe0000 && code <= 0xe007f;  // letters that are not shown
  return is_of_terminals || is_of_direction || ends_a_line || is_nothing || is_tag;
}

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const char first = text.front();
    const CodePoint point = first_code_point(text);
    const std::size_t length = std::max<std::size_t>(1, point.length);
    if (first == '\n') {
      out += "\\n";
    } else if (first == '\t') {
      out += "\\t";
    } else if (first == '\r') {
      out += "\\r";
    } else if (point.value >= 0xa0 && is_invisible_control(point.value)) {
      out += point.value > 0xffff ? fmt::format("\\U{:08x}", point.value)
                                  : fmt::format("\\u{:04x}", point.value);
    } else if (point.length == 0 || is_invisible_control(point.value)) {
      for (const char byte : text.substr(0, length)) {
        out += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
      }
    } else {
      out.append(text.substr(0, length));
    }
    text.remove_prefix(length);
  }
  return out;
}

std::string printable_with_tabs(std::string_view line) {
  std::string text;
  while (true) {
    const std::size_t tab = line.find('\t');
    text += printable(line.substr(0, tab));
    if (tab == std::string_view::npos) {
      return text;
    }
    text += '\t';
    line.remove_prefix(tab + 1);
  }
}

std::string in_quotes(std::string_view text) { return "'" + printable(text) + "'"; }

std::string hexadecimal(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 0xf];
  }
  return text;
}

std::string_view file_name(std::string_view path) { return path.substr(path.find_last_of('/') + 1); }

std::string reason(int error) { return std::generic_category().message(error); }

std::string Table::text(std::string_view emphasis, std::string_view plain) const {
  std::vector<std::size_t> widths(heading_.size(), 0);
  const auto measure = [&](const std::vector<std::string>& cells) {
    for (std::size_t i = 0; i < cells.size() && i < widths.size(); ++i) {
      widths[i] = std::max(widths[i], display_width(cells[i]));
    }
  };
  measure(heading_);
  for (const Row& row : rows_) {
    measure(row.cells);
  }
  std::string out;
  std::size_t last_column = 0;
  const auto line = [&](const std::vector<std::string>& cells, std::string_view before,
                        std::string_view after) {
    append_repeated(out, 2);
    out += before;
    std::size_t column = 2;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i + 1 == cells.size()) {
        last_column = column;
        out += cells[i];
        break;
      }
      append_repeated(out, widths[i] - display_width(cells[i]));
      out += cells[i];
      append_repeated(out, 2);
      column += widths[i] + 2;
    }
    out += after;
    out += '\n';
  };
  line(heading_, emphasis, plain);
  for (const Row& row : rows_) {
    line(row.cells, "", "");
    for (const std::string& below : row.below) {
      append_repeated(out, last_column + 2);
      out += below;
      out += '\n';
    }
  }
  return out;
}

}  // namespace ar::profile

#include "arpent/learn/compiler_message.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "profile/model/text_format.hpp"

namespace ar::command::learn {
namespace {

struct CompilerError {
  std::string what;
  std::optional<std::size_t> line;  // of the learner's file; none when nothing there led to it
};

constexpr std::size_t most_errors = 3;

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return lines;
}

// The line of the learner's file that a line of the compiler's names.
std::optional<std::size_t> own_line_in(std::string_view text, Track track) {
  const std::string mark = fmt::format("{}:", file_of(track));
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) {
    return std::nullopt;
  }
  text.remove_prefix(at + mark.size());
  std::size_t line = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), line);
  return error == std::errc{} ? std::optional{line} : std::nullopt;
}

// Whether a line is source code that the compiler quotes ("   12 |   int x;") or the mark below it.
bool is_quoted_source(std::string_view line) {
  const std::size_t bar = line.find('|');
  return bar != std::string_view::npos && bar > 0 && line[bar - 1] == ' ' &&
         line.substr(0, bar).find_first_not_of(" 0123456789") == std::string_view::npos;
}

std::string without_blanks_before(std::string_view text) {
  return std::string{text.substr(std::min(text.find_first_not_of(" \t"), text.size()))};
}

// What led to an error stands before it with g++ ("exercise.hpp:12:3:   required from here"), after it with
// clang ("exercise.hpp:12:3: note: in instantiation of … requested here") and with zig ("exercise.zig:12:3:
// note: called from here").
std::vector<CompilerError> errors_in(std::string_view output, Track track) {
  static constexpr std::string_view mark = "error: ";
  std::vector<CompilerError> errors;
  std::optional<std::size_t> led_here;
  for (const std::string_view line : lines_of(output)) {
    if (is_quoted_source(line)) {
      continue;
    }
    const std::size_t error = line.find(mark);
    if (error != std::string_view::npos) {
      const auto own = own_line_in(line.substr(0, error), track);
      errors.push_back({.what = profile::printable(std::string{line.substr(error + mark.size())}),
                        .line = own ? own : std::exchange(led_here, std::nullopt)});
      continue;
    }
    const auto place = own_line_in(line, track);
    if (!place) {
      continue;
    }
    if (track == Track::zig || line.find("note: in instantiation of ") != std::string_view::npos) {
      if (!errors.empty() && !errors.back().line && line.find("declared here") == std::string_view::npos) {
        errors.back().line = place;
      }
    } else if (line.find("warning: ") == std::string_view::npos &&
               line.find("note: ") == std::string_view::npos) {
      led_here = place;
    }
  }
  return errors;
}

}  // namespace

std::string first_error_in(std::string_view compiler_output) {
  const std::vector<std::string_view> lines = lines_of(compiler_output);
  for (const std::string_view line : lines) {
    if (line.find("error: ") != std::string_view::npos && !is_quoted_source(line)) {
      return std::string{line};
    }
  }
  return lines.empty() ? "it fails without a message" : std::string{lines.front()};
}

std::string shortened(std::string_view compiler_output, std::string_view source, Track track) {
  const std::vector<CompilerError> errors = errors_in(compiler_output, track);
  const std::vector<std::string_view> source_lines = lines_of(source);
  std::string text;
  for (const CompilerError& error : std::span{errors}.first(std::min(errors.size(), most_errors))) {
    if (!error.line) {
      text += fmt::format("the tests cannot use what {} has: {}\n", file_of(track), error.what);
      continue;
    }
    text += fmt::format("{}, line {}: {}\n", file_of(track), *error.line, error.what);
    if (*error.line >= 1 && *error.line <= source_lines.size()) {
      text +=
          fmt::format("    {}\n", profile::printable(without_blanks_before(source_lines[*error.line - 1])));
    }
  }
  if (errors.size() > most_errors) {
    text += fmt::format("and {} more, which may go away with these\n", errors.size() - most_errors);
  }
  return text;
}

}  // namespace ar::command::learn

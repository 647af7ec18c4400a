#include "arpent/common/environment.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "platform/options.hpp"

namespace ar::command {
namespace {

constexpr std::size_t line_width = 78;
constexpr std::size_t indent = 6;

std::string accepted(const platform::Option& row) {
  switch (row.kind) {
    case platform::OptionKind::path:
      return "path";
    case platform::OptionKind::text:
      return "text";
    case platform::OptionKind::number: {
      const platform::NumberRange range = platform::range_of(row);
      return fmt::format("{} to {}", range.least, range.most);
    }
    case platform::OptionKind::flag:
    case platform::OptionKind::choice:
      break;
  }
  std::string values{row.values};
  for (std::size_t bar = values.find('|'); bar != std::string::npos; bar = values.find('|')) {
    values.replace(bar, 1, values.find('|', bar + 1) == std::string::npos ? " or " : ", ");
  }
  return values;
}

std::string wrapped(std::string_view text) {
  std::string out(indent, ' ');
  std::size_t column = indent;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    if (column > indent && column + 1 + word.size() > line_width) {
      out += '\n';
      out.append(indent, ' ');
      column = indent;
    } else if (column > indent) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    text.remove_prefix(std::min(text.size(), word.size() + 1));
  }
  return out + '\n';
}

}  // namespace

std::string environment_help() {
  std::string text = "Environment variables that you may set:\n";
  const auto list = [&](bool set_by_run_alone) {
    for (const platform::Option& row : platform::options) {
      if ((row.set_by == platform::SetBy::run) == set_by_run_alone) {
        text += fmt::format("\n  {} ({})\n{}{}", row.name, accepted(row), wrapped(row.meaning),
                            wrapped(fmt::format("Default: {}. Read by {}.", row.default_value, row.readers)));
      }
    }
  };
  list(false);
  text +=
      "\nA value that is not accepted is reported on standard error, and the default is used.\n"
      "\nSet by 'arpent run' for the program, which does not see them itself:\n";
  list(true);
  return text;
}

std::vector<EnvironmentVariable> environment_variables() {
  std::vector<EnvironmentVariable> variables;
  for (const platform::Option& row : platform::options) {
    if (row.set_by != platform::SetBy::run) {
      variables.push_back({row.name, accepted(row), row.meaning, row.default_value, row.readers});
    }
  }
  return variables;
}

Environment Environment::current() {
  Environment copy;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    copy.entries_.emplace_back(*entry);
  }
  return copy;
}

std::optional<std::string> Environment::get(std::string_view name) const {
  for (const std::string& entry : entries_) {
    if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=') {
      return entry.substr(name.size() + 1);
    }
  }
  return std::nullopt;
}

void Environment::set(std::string_view name, std::string_view value) {
  unset(name);
  entries_.push_back(fmt::format("{}={}", name, value));
}

void Environment::unset(std::string_view name) {
  std::erase_if(entries_, [&](const std::string& entry) {
    return entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=';
  });
}

}  // namespace ar::command

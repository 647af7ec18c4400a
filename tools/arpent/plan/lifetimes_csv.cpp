#include "arpent/plan/lifetimes_csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>
#include <utility>

#include "profile/model/text_format.hpp"

namespace ar::command::plan {
namespace {

struct Field {
  std::size_t begin;  // in the line, quotes included
  std::size_t size;
  std::string text;  // unquoted, without blanks around it
};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t";
  const std::size_t begin = text.find_first_not_of(blanks);
  return begin == std::string_view::npos ? std::string_view{}
                                         : text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

// Nothing when a quote is not closed, or something follows the closing one.
std::optional<std::vector<Field>> fields_of(std::string_view line) {
  std::vector<Field> fields;
  std::size_t at = 0;
  while (true) {
    const std::size_t begin = at;
    if (at < line.size() && line[at] == '"') {
      std::string text;
      bool closed = false;
      for (++at; at < line.size() && !closed; ++at) {
        if (line[at] != '"') {
          text += line[at];
        } else if (at + 1 < line.size() && line[at + 1] == '"') {
          text += line[at++];
        } else {
          closed = true;
        }
      }
      if (!closed || (at < line.size() && line[at] != ',')) {
        return std::nullopt;
      }
      fields.push_back({begin, at - begin, std::move(text)});
    } else {
      at = std::min(line.find(',', at), line.size());
      fields.push_back({begin, at - begin, std::string{trimmed(line.substr(begin, at - begin))}});
    }
    if (at == line.size()) {
      return fields;
    }
    ++at;
  }
}

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && !text.empty() ? std::optional{value}
                                                                                   : std::nullopt;
}

struct Columns {
  std::size_t id = 0;
  std::size_t lower = 0;
  std::size_t upper = 0;
  std::size_t size = 0;
  std::optional<std::size_t> offset;
  std::size_t count = 0;
};

std::expected<Columns, std::string> columns_of(std::string_view heading) {
  const auto fields = fields_of(heading);
  if (!fields) {
    return std::unexpected("a quote is not closed, or text follows it");
  }
  Columns columns;
  columns.count = fields->size();
  const auto find = [&](std::string_view name) -> std::optional<std::size_t> {
    const auto found = std::ranges::find(*fields, name, &Field::text);
    return found == fields->end() ? std::nullopt
                                  : std::optional{static_cast<std::size_t>(found - fields->begin())};
  };
  for (const Field& field : *fields) {
    if (!field.text.empty() && std::ranges::count(*fields, field.text, &Field::text) > 1) {
      return std::unexpected(fmt::format("the column {} is there twice", profile::in_quotes(field.text)));
    }
    if (field.text == "alignment" || field.text == "gaps") {
      return std::unexpected(fmt::format(
          "the column '{}' is not supported; remove it if the plan need not obey it", field.text));
    }
  }
  const std::array<std::pair<std::string_view, std::size_t*>, 4> needed{
      {{"id", &columns.id}, {"lower", &columns.lower}, {"upper", &columns.upper}, {"size", &columns.size}}};
  for (const auto& [name, index] : needed) {
    const auto found = find(name);
    if (!found) {
      return std::unexpected(fmt::format(
          "there is no column '{}'; the first line must name the columns: id,lower,upper,size", name));
    }
    *index = *found;
  }
  columns.offset = find("offset");
  return columns;
}

std::expected<ml::Lifetime, std::string> lifetime_of(const std::vector<Field>& fields,
                                                     const Columns& columns) {
  const auto lower = number<std::int64_t>(fields[columns.lower].text);
  const auto upper = number<std::int64_t>(fields[columns.upper].text);
  const auto size = number<std::size_t>(fields[columns.size].text);
  if (!lower) {
    return std::unexpected(
        fmt::format("lower {} is no whole number", profile::in_quotes(fields[columns.lower].text)));
  }
  if (!upper) {
    return std::unexpected(
        fmt::format("upper {} is no whole number", profile::in_quotes(fields[columns.upper].text)));
  }
  if (!size) {
    return std::unexpected(
        fmt::format("size {} is no number of bytes", profile::in_quotes(fields[columns.size].text)));
  }
  if (*upper <= *lower) {
    return std::unexpected(
        fmt::format("upper ({}) must be larger than lower ({}): it is the first step after", *upper, *lower));
  }
  return ml::Lifetime{*lower, *upper, *size};
}

}  // namespace

std::expected<LifetimeRows, std::string> read_lifetimes(std::string_view text) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.starts_with(byte_order_mark)) {
    text.remove_prefix(byte_order_mark.size());
  }
  LifetimeRows result;
  std::optional<Columns> columns;
  for (std::size_t line_number = 1; !text.empty(); ++line_number) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    if (trimmed(line).empty()) {
      continue;
    }
    const auto at_line = [&](std::string_view what) {
      return std::unexpected(fmt::format("line {}: {}", line_number, what));
    };
    if (!columns) {
      auto found = columns_of(line);
      if (!found) {
        return at_line(found.error());
      }
      columns = *found;
      result.heading = line;
      result.offset_column = columns->offset;
      continue;
    }
    const auto fields = fields_of(line);
    if (!fields) {
      return at_line("a quote is not closed, or text follows it");
    }
    if (fields->size() != columns->count) {
      return at_line(fmt::format("{} where the heading names {}", profile::counted(fields->size(), "field"),
                                 columns->count));
    }
    const auto lifetime = lifetime_of(*fields, *columns);
    if (!lifetime) {
      return at_line(lifetime.error());
    }
    result.ids.push_back((*fields)[columns->id].text);
    result.rows.emplace_back(line);
    result.lines.push_back(line_number);
    result.lifetimes.push_back(*lifetime);
  }
  if (!columns) {
    return std::unexpected("line 1: the file is empty; it must begin with: id,lower,upper,size");
  }
  return result;
}

std::string with_offsets(const LifetimeRows& rows, std::span<const std::size_t> offsets) {
  using profile::printable_with_tabs;
  std::string text = printable_with_tabs(rows.heading) + (rows.offset_column ? "\n" : ",offset\n");
  for (std::size_t index = 0; index < rows.rows.size(); ++index) {
    const std::string& row = rows.rows[index];
    if (rows.offset_column) {
      // It was read with as many fields as the heading has.
      const std::vector<Field> fields = fields_of(row).value_or(std::vector<Field>{});
      const Field& old = fields.at(*rows.offset_column);
      text += fmt::format("{}{}{}\n", printable_with_tabs(std::string_view{row}.substr(0, old.begin)),
                          offsets[index],
                          printable_with_tabs(std::string_view{row}.substr(old.begin + old.size)));
    } else {
      text += fmt::format("{},{}\n", printable_with_tabs(row), offsets[index]);
    }
  }
  return text;
}

}  // namespace ar::command::plan

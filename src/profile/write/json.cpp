#include "profile/write/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <utility>

#include "profile/model/text_format.hpp"

namespace ar::profile {
namespace {

bool stands_as_it_is(char letter) {
  return letter >= ' ' && letter <= '~' && letter != '"' && letter != '\\';
}

// Programs read the same text from \u202e as from the character, and people see that it is there.
std::string with_visible_controls(std::string_view json) {
  std::string out;
  while (!json.empty()) {
    const CodePoint point = first_code_point(json);
    const std::size_t length = std::max<std::size_t>(1, point.length);
    if (point.length != 0 && is_invisible_control(point.value)) {
      if (point.value > 0xffff) {  // a pair of surrogates
        const std::uint32_t rest = point.value - 0x10000;
        out += fmt::format("\\u{:04x}\\u{:04x}", 0xd800 + (rest >> 10U), 0xdc00 + (rest & 0x3ffU));
      } else {
        out += fmt::format("\\u{:04x}", point.value);
      }
    } else {
      out += json.substr(0, length);
    }
    json.remove_prefix(length);
  }
  return out;
}

// A single value, as the library writes it. Most are numbers and plain text, for which it is not asked: a
// report has hundreds of thousands.
template <typename Value>
void write_value(std::string& out, const Value& value) {
  if constexpr (std::is_same_v<Value, std::string>) {
    if (std::ranges::all_of(value, stands_as_it_is)) {
      out += '"';
      out += value;
      out += '"';
      return;
    }
  } else if constexpr (std::is_integral_v<Value> && !std::is_same_v<Value, bool>) {
    char digits[24];
    out.append(digits, std::to_chars(std::begin(digits), std::end(digits), value).ptr);
    return;
  }
  out += with_visible_controls(
      nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

void begin_line(std::string& out, bool indents, std::size_t depth) {
  if (indents) {
    out += '\n';
    out.append(2 * depth, ' ');
  }
}

}  // namespace

Json::Json() = default;
Json::Json(std::nullptr_t) {}
Json::Json(bool truth) : value_{truth} {}
Json::Json(int number) : value_{std::int64_t{number}} {}
Json::Json(unsigned number) : value_{std::uint64_t{number}} {}
Json::Json(long number) : value_{std::int64_t{number}} {}
Json::Json(unsigned long number) : value_{std::uint64_t{number}} {}
Json::Json(double number) : value_{number} {}
Json::Json(std::string text) : value_{std::move(text)} {}
Json::Json(std::string_view text) : value_{std::string{text}} {}
Json::Json(const char* text) : value_{std::string{text}} {}
Json::Json(std::initializer_list<Field> fields) : value_{Fields{}} {
  Fields& own = std::get<Fields>(value_);
  own.reserve(fields.size());
  for (const Field& field : fields) {
    own.push_back({std::move(field.name), std::move(field.value)});
  }
}

Json Json::object() {
  Json json;
  json.value_ = Fields{};
  return json;
}

Json Json::array(std::initializer_list<Json> elements) {
  Json json;
  json.value_ = Elements{elements};
  return json;
}

Json Json::of_numbers(Numbers numbers) {
  Json json;
  json.value_ = std::move(numbers);
  return json;
}

Json::Json(const Json& other) = default;
Json::Json(Json&& other) noexcept = default;
Json& Json::operator=(const Json& other) = default;
Json& Json::operator=(Json&& other) noexcept = default;
Json::~Json() = default;

Json& Json::operator[](std::string_view name) {
  if (is_null()) {
    value_ = Fields{};
  }
  Fields& fields = std::get<Fields>(value_);
  if (const auto found = std::ranges::find(fields, name, &Field::name); found != fields.end()) {
    return found->value;
  }
  return fields.emplace_back(std::string{name}, Json{}).value;
}

Json& Json::operator[](std::size_t index) { return std::get<Elements>(value_).at(index); }

void Json::push_back(Json element) {
  if (is_null()) {
    value_ = Elements{};
  }
  std::get<Elements>(value_).push_back(std::move(element));
}

bool Json::is_null() const { return std::holds_alternative<std::nullptr_t>(value_); }

std::string Json::on_one_line() const {
  std::string out;
  write(out, false, 0);
  return out;
}

std::string Json::indented() const {
  std::string out;
  write(out, true, 0);
  return out;
}

void Json::write(std::string& out, bool indents, std::size_t depth) const {
  const auto enclose = [&](char opening, const auto& parts, char closing, const auto& write_part) {
    out += opening;
    bool is_first = true;
    for (const auto& part : parts) {
      if (!std::exchange(is_first, false)) {
        out += ',';
      }
      begin_line(out, indents, depth + 1);
      write_part(part);
    }
    if (!parts.empty()) {
      begin_line(out, indents, depth);
    }
    out += closing;
  };
  if (const auto* const elements = std::get_if<Elements>(&value_)) {
    enclose('[', *elements, ']', [&](const Json& element) { element.write(out, indents, depth + 1); });
  } else if (const auto* const numbers = std::get_if<Numbers>(&value_)) {
    enclose('[', *numbers, ']', [&](std::uint64_t number) { write_value(out, number); });
  } else if (const auto* const fields = std::get_if<Fields>(&value_)) {
    enclose('{', *fields, '}', [&](const Field& field) {
      write_value(out, field.name);
      out += indents ? ": " : ":";
      field.value.write(out, indents, depth + 1);
    });
  } else {
    std::visit(
        [&]<typename Value>(const Value& value) {
          if constexpr (!std::is_same_v<Value, Elements> && !std::is_same_v<Value, Fields> &&
                        !std::is_same_v<Value, Numbers>) {
            write_value(out, value);
          }
        },
        value_);
  }
}

}  // namespace ar::profile

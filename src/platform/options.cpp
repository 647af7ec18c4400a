#include "platform/options.hpp"

#include <unistd.h>

#include <cstring>

#include "platform/environment.hpp"
#include "platform/text.hpp"

namespace ar::platform {

namespace {

constexpr std::size_t longest_value = 64;  // of choices and numbers

// One line in any case: control characters become '?'.
void write_value(TextWriter& out, const char* value) noexcept {
  for (; *value != '\0'; ++value) {
    const bool is_control = static_cast<unsigned char>(*value) < ' ' || *value == '\x7f';
    out.bytes(is_control ? "?" : value, 1);
  }
}

// "off, sites or stacks", "1 to 512"
void write_accepted(TextWriter& out, const Option& of) noexcept {
  if (of.kind == OptionKind::number) {
    const NumberRange range = range_of(of);
    out.number(range.least).text(" to ").number(range.most);
    return;
  }
  for (const char* letter = of.values; *letter != '\0'; ++letter) {
    if (*letter == '|') {
      out.text(std::strchr(letter + 1, '|') != nullptr ? ", " : " or ");
    } else {
      out.bytes(letter, 1);
    }
  }
}

void reject(const Option& of, const char* value) noexcept {
  {
    TextWriter out{2};
    out.text("arpent: ").text(of.name).text(" is '");
    write_value(out, value);
    out.text("', but must be ");
    write_accepted(out, of);
    out.text("; '").text(of.default_value).text("' is used\n");
  }
  remove_environment_value(of.name, std::strlen(of.name));
}

bool is_option(const char* name, std::size_t length) noexcept {
  for (const Option& row : options) {
    if (std::strncmp(row.name, name, length) == 0 && row.name[length] == '\0') {
      return true;
    }
  }
  return false;
}

const Option* option_one_letter_away(const char* name, std::size_t length) noexcept {
  for (const Option& row : options) {
    if (is_one_letter_away(name, length, row.name)) {
      return &row;
    }
  }
  return nullptr;
}

}  // namespace

bool read_text(const Option& of, VariableReader read, char* buffer, std::size_t size) noexcept {
  buffer[0] = '\0';
  (void)read(of.name, buffer, size);
  return buffer[0] != '\0';
}

unsigned read_choice(const Option& of, VariableReader read) noexcept {
  char value[longest_value];
  if (read_text(of, read, value, sizeof value)) {
    if (const unsigned index = choice_index(of, value); index != no_choice) {
      return index;
    }
    reject(of, value);
  }
  return choice_index(of, of.default_value);
}

std::uint32_t read_number(const Option& of, VariableReader read) noexcept {
  char value[longest_value];
  if (read_text(of, read, value, sizeof value)) {
    if (const std::uint32_t number = number_in_range(of, value); number != no_number) {
      return number;
    }
    reject(of, value);
  }
  return number_in_range(of, of.default_value);
}

bool is_one_letter_away(const char* name, std::size_t length, const char* other) noexcept {
  const std::size_t other_length = std::strlen(other);
  std::size_t before = 0;  // letters that are the same at the start
  while (before < length && before < other_length && name[before] == other[before]) {
    ++before;
  }
  std::size_t after = 0;  // and at the end
  while (after < length - before && after < other_length - before &&
         name[length - 1 - after] == other[other_length - 1 - after]) {
    ++after;
  }
  const std::size_t rest = length - before - after;
  const std::size_t other_rest = other_length - before - after;
  const bool is_swapped =
      rest == 2 && other_rest == 2 && name[before] == other[before + 1] && name[before + 1] == other[before];
  return (rest <= 1 && other_rest <= 1 && rest + other_rest != 0) || is_swapped;
}

void warn_about_misspelt_names() noexcept {
  constexpr const char* prefix = "ARPENT_";
  for (char** entry = environ; entry != nullptr && *entry != nullptr;) {
    const char* const name = *entry;
    const char* const end =
        std::strncmp(name, prefix, std::strlen(prefix)) == 0 ? std::strchr(name, '=') : nullptr;
    const std::size_t length = end == nullptr ? 0 : static_cast<std::size_t>(end - name);
    const Option* const meant =
        length == 0 || is_option(name, length) ? nullptr : option_one_letter_away(name, length);
    if (meant == nullptr) {
      ++entry;
      continue;
    }
    TextWriter out{2};
    out.text("arpent: ").bytes(name, length).text(" is not an option and is ignored; did you mean ");
    out.text(meant->name).text("? See 'arpent help environment'\n");
    remove_environment_value(name, length);  // the next entry is now here
  }
}

}  // namespace ar::platform

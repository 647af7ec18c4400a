// What the value of an option or an argument can be completed with.
#pragma once

#include <cstdint>
#include <string_view>

#include "arpent/common/command_description.hpp"

namespace ar::command {

enum class ValueKind : std::uint8_t {
  none,   // there is no value
  words,  // one of the description's choices
  file,
  folder,
  process,  // the number of a process that Arpent tracks
  program,  // a program, which arguments of its own follow
  other,    // a number or a text
};

[[nodiscard]] inline ValueKind kind_of(const OptionDescription& option) {
  const std::string_view value = option.value;
  if (value.empty()) {
    return ValueKind::none;
  }
  if (!option.choices.empty()) {
    return ValueKind::words;
  }
  return value == "FILE"      ? ValueKind::file
         : value == "FOLDER"  ? ValueKind::folder
         : value == "PID"     ? ValueKind::process
         : value == "PROGRAM" ? ValueKind::program
                              : ValueKind::other;
}

}  // namespace ar::command

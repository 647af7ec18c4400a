// What `arpent run` put into the environment for this program alone, and how it is handed on.
//
// The program itself, also after it has replaced itself by exec, stays surveyed; its children only if
// `arpent run --follow-children` asked for it. So the variables are taken out of the environment that the
// program sees and passes on, and put back when the surveyed process calls exec.
#pragma once

#include <cstddef>

#include "platform/options.hpp"

namespace ar::abi {

// Remembers our variables and, unless children are followed, takes them out of the environment.
void take_over_environment() noexcept;

// How many entries environment_for_exec needs beyond those of the environment given.
inline constexpr std::size_t added_variables = [] {
  std::size_t count = 0;
  for (const platform::Option& row : platform::options) {
    count += row.set_by == platform::SetBy::user ? 0 : 1;
  }
  return count;
}();

// Whether this process's exec should be surveyed.
[[nodiscard]] bool hands_on_to_exec() noexcept;

// Writes `given` with our variables put back to `entries`, which has room for all of given's, added_variables
// more and the null at the end.
void environment_for_exec(char* const given[], char** entries) noexcept;

}  // namespace ar::abi

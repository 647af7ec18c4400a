// The environment as the process was started with, readable before the C library has set itself up.
#pragma once

#include <cstddef>

namespace ar::platform {

// The value if the entry is that variable's "NAME=value", else null. Letter by letter: most names differ in
// their first, and every start of a program looks at each entry for each option.
[[nodiscard]] inline const char* value_in(const char* entry, const char* name) noexcept {
  while (*name != '\0' && *entry == *name) {
    ++entry;
    ++name;
  }
  return *name == '\0' && *entry == '=' ? entry + 1 : nullptr;
}

// Copies a variable's value into the buffer. Null when it is not set, or too long: then the buffer holds as
// much of it as there is room for.
[[nodiscard]] const char* environment_value(const char* name, char* buffer, std::size_t size) noexcept;

// The same from the environment that the process was started with, whatever has been changed since.
[[nodiscard]] const char* initial_environment_value(const char* name, char* buffer,
                                                    std::size_t size) noexcept;

// Takes the variable out of the environment, in place: its memory is the program's, and nothing is freed.
void remove_environment_value(const char* name, std::size_t length) noexcept;

// True when the kernel has set the process apart from its user's wishes (set-user-id and the like): the
// environment must not decide where files are written.
[[nodiscard]] bool is_secure_execution() noexcept;

}  // namespace ar::platform

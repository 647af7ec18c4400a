// Every option, that is every environment variable which Arpent reads, in one table.
//
// From it derive: what the library reads at start and warns about, what passes from a program under
// `arpent run` to one that it becomes by exec, `arpent help environment`, and the check of
// docs/environment.md. To add an option: a row here; the same row, at the same place in
// the order, in docs/environment.md (a test compares them); and, if the library reads it, a line in
// read_options (abi/start.cpp) and a field of ProcessOptions (abi/process_options.hpp).
//
// A value that is not accepted counts as the default. The library reports it once, in a line on standard
// error, and removes the variable from the process's environment, so that child processes do not repeat the
// line. The same goes for a name that is one letter away from an option's. A program that runs with more
// rights than its user (set-user-ID) reads no option.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ar::platform {

enum class OptionKind : std::uint8_t {
  flag,    // 1 or 0
  choice,  // one of `values`, which are separated by '|'
  number,  // within `values`, as in "1..512"
  path,
  text,
};

enum class SetBy : std::uint8_t {
  user,
  user_or_run,  // `arpent run` sets it for its program
  run,          // only `arpent run` sets it: of no use to people
};

// Arrays, not pointers, which the loader would have to relocate at every start of every tracked program.
struct Option {
  char name[28];
  OptionKind kind;
  char values[24];         // of choices and numbers, else empty
  char default_value[56];  // if the variable is not set or empty; of paths and texts: in words
  SetBy set_by;
  char readers[40];
  char meaning[168];
};

// Not inline: as a symbol that programs share, it would be exported from libarpent.a.
constexpr Option options[] = {
    {"ARPENT_DISABLE", OptionKind::flag, "0|1", "0", SetBy::user, "arpent run; programs with Arpent",
     "If 1, everything is off: nothing is tracked, checked, reported or handed on, and arpent run runs the "
     "program without Arpent."},
    {"ARPENT_REPORT", OptionKind::path, "", "heap_memory_report.log in the working directory", SetBy::user,
     "programs that link Arpent",
     "Path of the leak report of ar_heap. AGERUN_MEMORY_REPORT takes precedence."},
    {"AGERUN_MEMORY_REPORT", OptionKind::path, "", "ARPENT_REPORT", SetBy::user, "programs that link Arpent",
     "The same as ARPENT_REPORT; takes precedence over it."},
    {"ARPENT_MODE", OptionKind::choice, "off|sites|stacks", "sites", SetBy::user_or_run,
     "programs that link or preload Arpent",
     "What an allocation records: nothing, its call site, or its full stack."},
    {"ARPENT_STACK_DEPTH", OptionKind::number, "1..512", "128", SetBy::user_or_run,
     "programs that link or preload Arpent", "The number of innermost frames that are kept of a stack."},
    {"ARPENT_COMMAND_LINE", OptionKind::flag, "0|1", "1", SetBy::user_or_run,
     "programs that link or preload Arpent", "If 0, the profile does not hold the program's arguments."},
    {"ARPENT_MISMATCH", OptionKind::choice, "ignore|report|abort", "report", SetBy::user,
     "programs that link or preload Arpent",
     "What follows a wrong release (a double free, new[] with delete …): no message, one message per pair of "
     "places, or a message and the end of the program."},
    {"ARPENT_SYMBOLIZER", OptionKind::path, "", "the one beside the library or on PATH", SetBy::user,
     "programs that link or preload Arpent",
     "Path of the arpent command that puts functions and lines into reports; if empty, none is run."},
    {"TZ", OptionKind::text, "", "the system's", SetBy::user, "programs that link Arpent",
     "The time zone of the times in reports."},
    {"ARPENT_PRELOAD", OptionKind::path, "", "the one beside the command", SetBy::user, "arpent run",
     "Path of libarpent-preload.so."},
    {"ARPENT_COURSE", OptionKind::path, "", "the one beside the command", SetBy::user, "arpent learn",
     "Folder of the course."},
    {"CXX", OptionKind::text, "", "g++", SetBy::user, "arpent learn",
     "The compiler of the exercises in C++."},
    {"ZIG", OptionKind::text, "", "zig", SetBy::user, "arpent learn",
     "The compiler of the exercises in Zig."},
    {"NO_COLOR", OptionKind::text, "", "colour on terminals", SetBy::user, "arpent",
     "If not empty, disables colour."},
    {"DEBUGINFOD_URLS", OptionKind::text, "", "none", SetBy::user, "arpent",
     "Servers to ask for debug information that is not installed."},
    {"XDG_RUNTIME_DIR", OptionKind::path, "", "/dev/shm, TMPDIR or /tmp", SetBy::user,
     "arpent run, arpent view",
     "Folder of the profile while the program runs, and of the file that opens the browser."},
    {"LD_PRELOAD", OptionKind::text, "", "none", SetBy::run, "programs under arpent run",
     "Libraries to preload; what it held before follows Arpent's own library."},
    {"ARPENT_PROFILE_DIRECTORY", OptionKind::path, "", "none", SetBy::run, "programs under arpent run",
     "The folder that takes the profile."},
    {"ARPENT_PROFILE_FILE", OptionKind::path, "", "none", SetBy::run, "programs under arpent run",
     "The file that takes the profile, if it is to stay."},
    {"ARPENT_FOLLOW_CHILDREN", OptionKind::flag, "0|1", "0", SetBy::run, "programs under arpent run",
     "Whether processes that the program starts are tracked as well."},
    {"ARPENT_ORIGINAL_LD_PRELOAD", OptionKind::text, "", "none", SetBy::run, "programs under arpent run",
     "LD_PRELOAD as it was, for the library to restore."},
};

[[nodiscard]] constexpr bool are_equal(const char* one, const char* other) noexcept {
  for (; *one != '\0' && *one == *other; ++one, ++other) {
  }
  return *one == *other;
}

void there_is_no_such_option() noexcept;  // called at compile time, so that an unknown name does not compile

// The row of the table.
[[nodiscard]] consteval const Option& option(const char* name) {
  for (const Option& row : options) {
    if (are_equal(row.name, name)) {
      return row;
    }
  }
  there_is_no_such_option();
  return options[0];
}

inline constexpr unsigned no_choice = ~0U;

// The position of a value among those of a choice or flag, from 0; no_choice if it is none of them.
[[nodiscard]] constexpr unsigned choice_index(const Option& of, const char* value) noexcept {
  const char* next = of.values;
  for (unsigned index = 0;; ++index) {
    const char* letter = value;
    while (*letter != '\0' && *letter == *next && *next != '|') {
      ++letter;
      ++next;
    }
    if (*letter == '\0' && (*next == '|' || *next == '\0')) {
      return index;
    }
    while (*next != '|' && *next != '\0') {
      ++next;
    }
    if (*next++ == '\0') {
      return no_choice;
    }
  }
}

struct NumberRange {
  std::uint32_t least;
  std::uint32_t most;
};
[[nodiscard]] constexpr NumberRange range_of(const Option& of) noexcept {
  std::uint32_t numbers[2] = {};
  std::uint32_t* number = numbers;
  for (const char* letter = of.values; *letter != '\0'; ++letter) {
    if (*letter == '.') {
      number = &numbers[1];
    } else {
      *number = *number * 10 + static_cast<std::uint32_t>(*letter - '0');
    }
  }
  return {numbers[0], numbers[1]};
}

inline constexpr std::uint32_t no_number = ~std::uint32_t{0};

// The number that the text is, within the option's range; else no_number.
[[nodiscard]] constexpr std::uint32_t number_in_range(const Option& of, const char* text) noexcept {
  const NumberRange range = range_of(of);
  std::uint32_t number = 0;
  const char* digit = text;
  for (; *digit >= '0' && *digit <= '9' && number <= range.most; ++digit) {
    number = number * 10 + static_cast<std::uint32_t>(*digit - '0');
  }
  return digit == text || *digit != '\0' || number < range.least || number > range.most ? no_number : number;
}

// How a variable is read: environment_value or initial_environment_value (environment.hpp).
using VariableReader = const char* (*)(const char* name, char* buffer, std::size_t size) noexcept;

// The value, or the default, reporting a value that is not accepted. Choices and flags: as choice_index.
[[nodiscard]] unsigned read_choice(const Option& of, VariableReader read) noexcept;
[[nodiscard]] std::uint32_t read_number(const Option& of, VariableReader read) noexcept;
// True if the variable is set and not empty. The buffer then holds its value, or as much of it as fits.
[[nodiscard]] bool read_text(const Option& of, VariableReader read, char* buffer, std::size_t size) noexcept;

// Reports the variables whose names begin with ARPENT_ and are one letter (more, less, another, or two
// swapped) away from an option's name. Any other unknown name may be the program's own, as ARPENT_HOME.
void warn_about_misspelt_names() noexcept;

// Whether the names differ by one letter, as above.
[[nodiscard]] bool is_one_letter_away(const char* name, std::size_t length, const char* other) noexcept;

}  // namespace ar::platform

#include "arpent/common/environment.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace ar::command {
namespace {

constexpr std::array variables{
    EnvironmentVariable{"ARPENT_REPORT", "programs that link Arpent",
                        "Path of the leak report of ar_heap; heap_memory_report.log in the working directory "
                        "without it. AGERUN_MEMORY_REPORT, where it is set, goes before."},
    EnvironmentVariable{"AGERUN_MEMORY_REPORT", "programs that link Arpent",
                        "As ARPENT_REPORT, and goes before it."},
    EnvironmentVariable{"ARPENT_MODE", "programs that link Arpent or preload it",
                        "What an allocation records: off (nothing), sites (where it was made) or stacks (who "
                        "called that, all the "
                        "way out). 'arpent run' sets it for its program."},
    EnvironmentVariable{
        "ARPENT_STACK_DEPTH", "programs that link Arpent or preload it",
        "Frames that are kept of a stack, 1 to 512; 128 without it. 'arpent run' sets it for its "
        "program."},
    EnvironmentVariable{"ARPENT_MISMATCH", "programs that link Arpent or preload it",
                        "What follows from a wrong release (a double free, new[] with delete …): report (the "
                        "default) says so once, ignore says nothing, abort ends the program."},
    EnvironmentVariable{
        "ARPENT_SYMBOLIZER", "programs that link Arpent",
        "Path of the arpent command that puts functions and lines into their reports, instead of "
        "the one beside the library or on the path."},
    EnvironmentVariable{"TZ", "programs that link Arpent",
                        "The time zone of the times in their reports; the system's without it."},
    EnvironmentVariable{"ARPENT_PRELOAD", "arpent run",
                        "Path of libarpent-preload.so, instead of the one beside the command."},
    EnvironmentVariable{"ARPENT_COURSE", "arpent learn",
                        "Folder of the course, instead of the one beside the command."},
    EnvironmentVariable{"CXX", "arpent learn", "The compiler of the exercises in C++, instead of g++."},
    EnvironmentVariable{"ZIG", "arpent learn", "The compiler of the exercises in Zig, instead of zig."},
    EnvironmentVariable{"NO_COLOR", "arpent", "Set to anything but nothing: no colour on terminals."},
    EnvironmentVariable{
        "DEBUGINFOD_URLS", "arpent",
        "Servers that are asked for debug information that is not installed; none without it."},
    EnvironmentVariable{
        "XDG_RUNTIME_DIR", "arpent run",
        "Where the profile is kept while the program runs; without it /dev/shm, TMPDIR or /tmp."},
    EnvironmentVariable{"LD_PRELOAD", "arpent run",
                        "What is there already is kept, after Arpent's own library.", true},
    EnvironmentVariable{"ARPENT_PROFILE_DIRECTORY", "programs under arpent run",
                        "The folder that takes the profile.", true},
    EnvironmentVariable{"ARPENT_PROFILE_FILE", "programs under arpent run",
                        "The file that takes the profile, where it is to stay.", true},
    EnvironmentVariable{"ARPENT_FOLLOW_CHILDREN", "programs under arpent run",
                        "1: processes that the program starts are tracked as well.", true},
    EnvironmentVariable{"ARPENT_ORIGINAL_LD_PRELOAD", "programs under arpent run",
                        "LD_PRELOAD as it was, for the library to restore.", true}};

constexpr std::size_t line_width = 78;
constexpr std::size_t indent = 6;

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

std::span<const EnvironmentVariable> environment_variables() { return variables; }

std::string environment_help() {
  std::string text = "Environment variables that you may set:\n";
  const auto list = [&](bool set_by_run) {
    for (const EnvironmentVariable& variable : variables) {
      if (variable.set_by_run == set_by_run) {
        text +=
            fmt::format("\n  {} (read by {})\n{}", variable.name, variable.who, wrapped(variable.meaning));
      }
    }
  };
  list(false);
  text += "\nSet by 'arpent run' for the program, which does not see them itself:\n";
  list(true);
  return text;
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

// One line per option, argument and command, each with the condition under which it is offered.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <vector>

#include "arpent/manual/completions.hpp"
#include "arpent/manual/value_kind.hpp"

namespace ar::command {
namespace {

constexpr std::string_view head =
    R"script(# Completion of arpent's commands, options and their values in fish.
# Made by the build from the command's own options. Do not edit.
)script";

constexpr std::string_view functions = R"script(
# Prints the command that was typed, as in "learn start", then its arguments, one per line.
function __arpent_typed
    set -l command
    set -l arguments
    set -l only_arguments no
    set -l is_value no
    for word in (commandline -opc)[2..]
        if test $is_value = yes
            set is_value no
        else if test $only_arguments = no; and test "$word" = --
            set only_arguments yes
        else if test $only_arguments = no; and string match -qr -- '^-.' "$word"
            __arpent_takes_value "$command" "$word"; and set is_value yes
        else if __arpent_has_commands "$command"
            set -a command "$word"
        else
            set -a arguments "$word"
            __arpent_takes_program "$command"; and set only_arguments yes
        end
    end
    echo "$command"
    string join \n -- $arguments
end

# Whether this command was typed, with so many arguments before the word at the cursor, if a number is given.
function __arpent_is -a command count
    set -l typed (__arpent_typed)
    test "$typed[1]" = "$command"; and begin
        test -z "$count"; or test "$count" -eq (math (count $typed) - 1)
    end
end

function __arpent_processes
    grep -ls libarpent /proc/*/maps 2>/dev/null | string match -r '[0-9]+'
end

# The program, or what its own completion offers for its arguments.
function __arpent_program
    set -l typed (__arpent_typed)
    if test (count $typed) -eq 1
        __fish_complete_command
    else
        complete -C "$(string escape -- $typed[2..]) $(commandline -ct)"
    end
end

complete -c arpent -f
)script";

// Within single quotes of the shell.
std::string single_quoted(std::string_view text) {
  std::string out = "'";
  for (const char character : text) {
    if (character == '\'' || character == '\\') {
      out += '\\';
    }
    out += character;
  }
  return out + "'";
}

struct Script {
  std::vector<std::string> options_with_value;  // "'run:--mode'"
  std::vector<std::string> with_commands;       // "'learn'"
  std::vector<std::string> with_program;
  std::string lines;
};

std::string condition(const std::string& path, std::string_view count = "") {
  return fmt::format("complete -c arpent -n \"__arpent_is '{}'{}\"", path,
                     count.empty() ? std::string{} : fmt::format(" {}", count));
}

std::string values(const OptionDescription& option) {
  switch (kind_of(option)) {
    case ValueKind::none:
      return "";
    case ValueKind::words:
      return fmt::format(" -x -a {}", single_quoted(fmt::format("{}", fmt::join(option.choices, " "))));
    case ValueKind::file:
      return " -r -F";
    case ValueKind::folder:
      return " -x -a '(__fish_complete_directories)'";
    case ValueKind::process:
      return " -x -a '(__arpent_processes)'";
    case ValueKind::program:
      return " -x -a '(__arpent_program)'";
    case ValueKind::other:
      break;
  }
  return " -x";
}

void add_option(Script& script, const std::string& path, const OptionDescription& option,
                std::string_view before) {
  script.lines += condition(path, before);
  for (const std::string& name : option.names) {
    const bool is_long = name.starts_with("--");
    script.lines += fmt::format(" {} {}", is_long ? "-l" : "-s", name.substr(is_long ? 2 : 1));
    if (!option.value.empty()) {
      script.options_with_value.push_back(single_quoted(fmt::format("{}:{}", path, name)));
    }
  }
  script.lines += fmt::format(" -d {}{}\n", single_quoted(option.text), values(option));
}

void add_argument(Script& script, const std::string& path, const OptionDescription& argument,
                  std::size_t before) {
  const ValueKind kind = kind_of(argument);
  if (kind == ValueKind::program) {
    script.with_program.push_back(single_quoted(path));
  } else if (kind == ValueKind::other) {
    return;
  }
  const bool at_any_place = argument.repeats || kind == ValueKind::program;
  script.lines += condition(path, at_any_place ? std::string{} : fmt::format("{}", before));
  // -r and -x are for options only.
  std::string offered = values(argument);
  offered.replace(0, 3, "");
  script.lines += offered + "\n";
}

void add(Script& script, const std::string& path, const CommandDescription& command) {
  // What follows a program is the program's.
  const bool takes_program =
      !command.arguments.empty() && kind_of(command.arguments.front()) == ValueKind::program;
  for (const OptionDescription& option : command.options) {
    add_option(script, path, option, takes_program ? "0" : "");
  }
  std::size_t before = 0;
  for (const OptionDescription& argument : command.arguments) {
    add_argument(script, path, argument, before++);
    if (kind_of(argument) == ValueKind::program) {
      break;
    }
  }
  if (!command.commands.empty()) {
    script.with_commands.push_back(single_quoted(path));
  }
  for (const CommandDescription& verb : command.commands) {
    const std::string name = verb.name.substr(verb.name.rfind(' ') + 1);
    script.lines += fmt::format("{} -a {} -d {}\n", condition(path), name, single_quoted(verb.text));
    add(script, fmt::format("{} {}", path, name), verb);
  }
}

}  // namespace

std::string fish_completion(std::span<const SummarizedCommand> commands) {
  Script script;
  script.with_commands.emplace_back("''");
  script.lines = condition("") + " -s h -l help -d 'List the commands'\n" + condition("") +
                 " -l version -d 'Print the version'\n";
  for (const SummarizedCommand& each : commands) {
    const std::string name = each.command.name.substr(each.command.name.find(' ') + 1);
    script.lines += fmt::format("{} -a {} -d {}\n", condition(""), name, single_quoted(each.summary));
    add(script, name, each.command);
  }
  return fmt::format(
      "{}\n"
      "function __arpent_takes_value -a command option\n"
      "    contains -- \"$command:$option\" {}\n"
      "end\n"
      "\n"
      "function __arpent_has_commands -a command\n"
      "    contains -- \"$command\" {}\n"
      "end\n"
      "\n"
      "function __arpent_takes_program -a command\n"
      "    contains -- \"$command\" {}\n"
      "end\n"
      "{}\n"
      "{}",
      head, fmt::join(script.options_with_value, " "), fmt::join(script.with_commands, " "),
      fmt::join(script.with_program, " "), functions, script.lines);
}

}  // namespace ar::command

// One function per command, each a call of zsh's _arguments.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <vector>

#include "arpent/manual/completions.hpp"
#include "arpent/manual/value_kind.hpp"

namespace ar::command {
namespace {

// Within single quotes of the shell.
std::string single_quoted(std::string_view text) {
  std::string out = "'";
  for (const char character : text) {
    if (character == '\'') {
      out += "'\\''";
    } else {
      out += character;
    }
  }
  return out + "'";
}

// Where _arguments takes brackets and colons as its own.
std::string plain(std::string_view text) {
  std::string out;
  for (const char character : text) {
    if (character == '[' || character == ']' || character == ':' || character == '\\') {
      out += '\\';
    }
    out += character;
  }
  return out;
}

std::string action(const OptionDescription& option) {
  switch (kind_of(option)) {
    case ValueKind::words:
      return fmt::format("({})", fmt::join(option.choices, " "));
    case ValueKind::file:
      return "_files";
    case ValueKind::folder:
      return "_path_files -/";
    case ValueKind::process:
      return "_arpent_processes";
    case ValueKind::program:
      return "_command_names -e";
    case ValueKind::none:
    case ValueKind::other:
      break;
  }
  return "";
}

std::string value_word(const OptionDescription& option) {
  std::string word = option.choices.empty() ? option.value : option.names.back();
  word.erase(0, std::min(word.find_first_not_of('-'), word.size()));
  std::ranges::transform(word, word.begin(), [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + ('a' - 'A')) : letter;
  });
  return word;
}

std::string option_spec(const OptionDescription& option) {
  const bool takes_value = !option.value.empty();
  const std::string text =
      fmt::format("[{}]", plain(option.text)) +
      (takes_value ? fmt::format(":{}:{}", value_word(option), action(option)) : std::string{});
  std::vector<std::string> specs;
  for (const std::string& name : option.names) {
    const bool is_long = name.starts_with("--");
    specs.push_back(name + (takes_value ? (is_long ? "=" : "+") : ""));
  }
  const std::string excluded =
      option.names.back() == "--help" ? "(- *)" : fmt::format("({})", fmt::join(option.names, " "));
  if (specs.size() == 1) {
    return single_quoted(excluded + specs.front() + text);
  }
  return fmt::format("{}{{{}}}{}", single_quoted(excluded), fmt::join(specs, ","), single_quoted(text));
}

std::string argument_spec(const OptionDescription& argument, std::size_t place) {
  if (kind_of(argument) == ValueKind::program) {
    return single_quoted(fmt::format("(-){}:program:{}", place, action(argument)));
  }
  const std::string where =
      argument.repeats ? "*" : fmt::format("{}{}", place, argument.is_required ? "" : ":");
  return single_quoted(fmt::format("{}:{}:{}", where, argument.names.front(), action(argument)));
}

std::string function_name(std::string_view command) {
  std::string name = "_" + std::string{command};
  std::ranges::replace(name, ' ', '_');
  return name;
}

std::string last_word(std::string_view name) { return std::string{name.substr(name.rfind(' ') + 1)}; }

struct Verb {
  std::string name;  // all of it
  std::string summary;
};

// The end of a function whose command has verbs: lists them, or calls the function of the one that was typed.
std::string verbs_part(const std::string& command, const std::vector<Verb>& verbs) {
  std::string list;
  for (const Verb& verb : verbs) {
    list += fmt::format("        {}\n", single_quoted(plain(last_word(verb.name)) + ":" + verb.summary));
  }
  return fmt::format(
      "    '1: :->verb' '*:: :->rest' && return\n"
      "  case $state in\n"
      "    verb)\n"
      "      local -a verbs=(\n"
      "{}"
      "      )\n"
      "      _describe -t commands 'command' verbs\n"
      "      ;;\n"
      "    rest)\n"
      "      (( $+functions[{}_$words[1]] )) && {}_$words[1]\n"
      "      ;;\n"
      "  esac\n",
      list, function_name(command), function_name(command));
}

std::string function(const CommandDescription& command) {
  std::string out = fmt::format("\n{}() {{\n", function_name(command.name));
  if (!command.commands.empty()) {
    out += "  local state line\n  local -A opt_args\n";
  }
  out += "  _arguments -S" + std::string{command.commands.empty() ? "" : " -C"} + " : \\\n";
  for (const OptionDescription& option : command.options) {
    out += fmt::format("    {} \\\n", option_spec(option));
  }
  if (!command.commands.empty()) {
    std::vector<Verb> verbs;
    std::string functions;
    for (const CommandDescription& verb : command.commands) {
      verbs.push_back({verb.name, verb.text});
      functions += function(verb);
    }
    return out + verbs_part(command.name, verbs) + "}\n" + functions;
  }
  std::size_t place = 0;
  for (const OptionDescription& argument : command.arguments) {
    ++place;
    if (kind_of(argument) == ValueKind::program) {
      out +=
          fmt::format("    {} \\\n    '*::arguments:_arpent_program' \\\n", argument_spec(argument, place));
      break;
    }
    // _arguments would offer no options where only a message can be shown.
    if (kind_of(argument) != ValueKind::other) {
      out += fmt::format("    {} \\\n", argument_spec(argument, place));
    }
  }
  out.erase(out.size() - 3);  // the last line's " \\\n"
  return out + "\n}\n";
}

}  // namespace

std::string zsh_completion(std::span<const SummarizedCommand> commands) {
  std::string out =
      "#compdef arpent\n"
      "# Completion of arpent's commands, options and their values in zsh.\n"
      "# Made by the build from the command's own options. Do not edit.\n"
      "\n"
      "_arpent_processes() {\n"
      "  local -a processes=(${${(f)\"$(grep -ls libarpent /proc/<->/maps 2>/dev/null)\"}//[^0-9]/})\n"
      "  _wanted processes expl 'process' compadd -a processes\n"
      "}\n"
      "\n"
      "# _arguments takes a -- that no option comes before for the program.\n"
      "_arpent_program() {\n"
      "  if [[ $words[1] == -- ]]; then\n"
      "    shift words\n"
      "    (( CURRENT-- ))\n"
      "  fi\n"
      "  _normal\n"
      "}\n";
  std::vector<Verb> verbs;
  for (const SummarizedCommand& each : commands) {
    out += function(each.command);
    verbs.push_back({each.command.name, std::string{each.summary}});
  }
  return out +
         "\n_arpent() {\n"
         "  local state line\n"
         "  local -A opt_args\n"
         "  _arguments -C : \\\n"
         "    '(- *)'{-h,--help}'[List the commands]' \\\n"
         "    '(- *)--version[Print the version]' \\\n" +
         verbs_part("arpent", verbs) + "}\n\n_arpent \"$@\"\n";
}

}  // namespace ar::command

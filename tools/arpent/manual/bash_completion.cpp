// Three tables and one function. A table is a `case` over the command's words, such as "learn start".
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <vector>

#include "arpent/manual/completions.hpp"
#include "arpent/manual/value_kind.hpp"

namespace ar::command {
namespace {

constexpr std::string_view head =
    R"script(# Completion of arpent's commands, options and their values in bash.
# Made by the build from the command's own options. Do not edit.
)script";

constexpr std::string_view tail = R"script(
# Sets COMPREPLY to the words that begin with what was typed. $prefix comes first where bash takes --option=value as one
# word.
_arpent_reply() { # WORD…
  local word
  COMPREPLY=()
  for word in "$@"; do
    [[ $word == "$typed"* ]] && COMPREPLY+=("$prefix$word")
  done
}

_arpent_reply_with() { # KIND [WORD…]
  case $1 in
    words) _arpent_reply "${@:2}" ;;
    file) compopt -o default ;;
    folder) compopt -o dirnames ;;
    process) _arpent_reply $(grep -ls libarpent /proc/[0-9]*/maps 2>/dev/null | tr -dc '0-9\n') ;;
    program)
      compopt -o default
      mapfile -t COMPREPLY < <(compgen -c -- "$typed")
      ;;
  esac
}

_arpent() {
  local typed=${COMP_WORDS[COMP_CWORD]} prefix= path= count=0 pending= only_arguments= i word
  local commands options kind
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    _arpent_lists "$path"
    if [[ $pending ]]; then
      [[ $word == = ]] || pending=
    elif [[ $word == -- && ! $only_arguments ]]; then
      only_arguments=yes
    elif [[ $word == -?* && ! $only_arguments ]]; then
      _arpent_value "$path" "$word"
      pending=$kind
    elif [[ $commands ]]; then
      path="${path:+$path }$word"
    else
      count=$((count + 1))
      _arpent_argument "$path" "$count"
      if [[ $kind == program ]]; then
        # The program's own completion, if the package bash-completion is there to find it.
        if declare -F _command_offset >/dev/null; then
          _command_offset "$i"
        else
          compopt -o default
        fi
        return
      fi
    fi
  done
  _arpent_lists "$path"
  if [[ $pending ]]; then
    [[ $typed == = ]] && typed=
    _arpent_reply_with $pending
  elif [[ $typed == --*=* && ! $only_arguments ]]; then
    prefix=${typed%%=*}=
    _arpent_value "$path" "${typed%%=*}"
    typed=${typed#*=}
    _arpent_reply_with $kind
  elif [[ $typed == -* && ! $only_arguments ]]; then
    _arpent_reply $options
  elif [[ $commands ]]; then
    _arpent_reply $commands
  else
    _arpent_argument "$path" "$((count + 1))"
    _arpent_reply_with $kind
  fi
}

complete -F _arpent arpent
)script";

std::string reply(const OptionDescription& option) {
  switch (kind_of(option)) {
    case ValueKind::none:
      return "";
    case ValueKind::words:
      return fmt::format("words {}", fmt::join(option.choices, " "));
    case ValueKind::file:
      return "file";
    case ValueKind::folder:
      return "folder";
    case ValueKind::process:
      return "process";
    case ValueKind::program:
      return "program";
    case ValueKind::other:
      break;
  }
  return "other";
}

struct Tables {
  std::string lists;
  std::string values;
  std::string arguments;
};

// `path` is what follows "arpent" of the command's name.
void add(Tables& tables, const std::string& path, const CommandDescription& command) {
  std::vector<std::string> names;
  for (const OptionDescription& option : command.options) {
    for (const std::string& name : option.names) {
      if (name.starts_with("--")) {
        names.push_back(name);
      }
    }
    if (const std::string kind = reply(option); !kind.empty()) {
      std::vector<std::string> patterns;
      patterns.reserve(option.names.size());
      for (const std::string& name : option.names) {
        patterns.push_back(fmt::format("'{}:{}'", path, name));
      }
      tables.values += fmt::format("    {}) kind='{}' ;;\n", fmt::join(patterns, " | "), kind);
    }
  }
  std::vector<std::string> verbs;
  for (const CommandDescription& verb : command.commands) {
    verbs.push_back(verb.name.substr(verb.name.rfind(' ') + 1));
    add(tables, path + " " + verbs.back(), verb);
  }
  tables.lists += fmt::format("    '{}') commands='{}' options='{}' ;;\n", path, fmt::join(verbs, " "),
                              fmt::join(names, " "));
  std::size_t place = 0;
  for (const OptionDescription& argument : command.arguments) {
    ++place;
    const std::string which = argument.repeats ? "*" : fmt::format("{}", place);
    tables.arguments += fmt::format("    '{}:'{}) kind='{}' ;;\n", path, which, reply(argument));
  }
}

std::string function(std::string_view comment, std::string_view name, std::string_view subject,
                     std::string_view before, std::string_view rows) {
  return fmt::format("\n# {}\n{}() {{\n  {}\n  case {} in\n{}  esac\n}}\n", comment, name, before, subject,
                     rows);
}

}  // namespace

std::string bash_completion(std::span<const SummarizedCommand> commands) {
  Tables tables;
  std::vector<std::string> verbs;
  for (const SummarizedCommand& each : commands) {
    verbs.push_back(each.command.name.substr(each.command.name.find(' ') + 1));
    add(tables, verbs.back(), each.command);
  }
  tables.lists += fmt::format("    '') commands='{}' options='--help --version' ;;\n", fmt::join(verbs, " "));
  return fmt::format(
      "{}{}{}{}{}", head,
      function("Sets commands and options to those of a command.", "_arpent_lists", "$1",
               "commands= options=", tables.lists),
      function("Sets kind to what follows an option, and the words to choose from; to nothing for a flag.",
               "_arpent_value", "\"$1:$2\"", "kind=", tables.values),
      function("Sets kind to what the argument with this number is.", "_arpent_argument", "\"$1:$2\"",
               "kind=", tables.arguments),
      tail);
}

}  // namespace ar::command

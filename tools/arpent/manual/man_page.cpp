#include "arpent/manual/man_page.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <vector>

#include "arpent/common/environment.hpp"

namespace ar::command {
namespace {

constexpr std::size_t line_width = 78;
constexpr std::string_view ellipsis = "…";

// Plain characters: none is a macro's or an escape's beginning, and a hyphen can be searched for and copied.
std::string escaped(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char character = text[at];
    if (text.substr(at).starts_with(ellipsis)) {
      out += "\\&...";
      at += ellipsis.size() - 1;
    } else if (character == '\\') {
      out += "\\e";
    } else if (character == '-') {
      out += "\\-";
    } else if (character == '\'') {
      out += "\\(aq";
    } else if ((character == '.') && (at == 0 || text[at - 1] == '\n')) {
      out += "\\&.";
    } else {
      out += character;
    }
  }
  return out;
}

std::string bold(std::string_view text) { return fmt::format("\\fB{}\\fR", escaped(text)); }
std::string italic(std::string_view text) { return fmt::format("\\fI{}\\fR", escaped(text)); }

// One paragraph, in lines that are not longer than a terminal's.
std::string filled(std::string_view text) {
  std::string out;
  std::size_t column = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(" \n"), text.size());
    if (end > 0) {
      const std::string word = escaped(text.substr(0, end));
      if (column > 0 && column + 1 + word.size() > line_width) {
        out += '\n';
        column = 0;
      } else if (column > 0) {
        out += ' ';
        ++column;
      }
      out += word;
      column += word.size();
    }
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return out + '\n';
}

// "text." in any case.
std::string sentence(std::string_view text) {
  std::string out{text};
  if (!out.empty() && out.back() != '.') {
    out += '.';
  }
  return out;
}

std::string capitalized(std::string text) {
  if (!text.empty()) {
    text.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(text.front())));
  }
  return text;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + separator.size()));
  }
  return parts;
}

std::string title(const ManPageFrame& frame, std::string_view name) {
  std::string upper{name};
  std::ranges::transform(upper, upper.begin(),
                         [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
  return fmt::format(
      ".\\\" Made by the build from the command's own options. Do not edit.\n"
      ".TH {} 1 {} \"arpent {}\" \"Arpent\"\n"
      ".nh\n"
      ".SH NAME\n",
      upper, frame.date, escaped(frame.version));
}

// The program's words in bold, the user's in italics.
std::string synopsis(std::string_view usage) {
  std::string line;
  std::size_t count = 0;
  for (const std::string_view word : split(usage, " ")) {
    const bool is_upper =
        std::ranges::any_of(word, [](unsigned char letter) { return std::isupper(letter) != 0; });
    const bool is_own = count < 2 || word.starts_with("--");
    line += fmt::format("{}{}", count++ == 0 ? "" : " ",
                        is_own     ? bold(word)
                        : is_upper ? italic(word)
                                   : escaped(word));
  }
  return line + '\n';
}

std::string value_name(const OptionDescription& option) {
  if (option.choices.empty()) {
    return option.value;
  }
  // "--format" takes a FORMAT.
  std::string name = option.names.back();
  name.erase(0, name.find_first_not_of('-'));
  std::ranges::transform(name, name.begin(),
                         [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
  return name;
}

std::string option_entry(const OptionDescription& option, bool is_argument) {
  std::string tag;
  if (is_argument) {
    tag = italic(option.names.front() + (option.repeats ? std::string{ellipsis} : std::string{}));
  } else {
    for (const std::string& name : option.names) {
      tag += (tag.empty() ? "" : ", ") + bold(name);
    }
    if (!option.value.empty()) {
      tag += (option.names.back().starts_with("--") ? "=" : " ") + italic(value_name(option));
    }
  }
  std::string text = sentence(option.text);
  const bool lists_choices = std::ranges::all_of(option.choices, [&](const std::string& choice) {
    return option.text.find(choice) != std::string::npos;
  });
  if (!lists_choices) {
    text += fmt::format(" One of {}.", fmt::join(option.choices, ", "));
  }
  if (!option.range.empty()) {
    const std::size_t dash = option.range.find(" - ");
    text += dash == std::string::npos
                ? std::string{}
                : fmt::format(" From {} to {}.", option.range.substr(0, dash), option.range.substr(dash + 3));
  }
  if (!option.default_value.empty()) {
    text += fmt::format(" The default is {}.", option.default_value);
  }
  return fmt::format(".TP\n{}\n{}", tag, filled(text));
}

std::string entries(std::string_view heading, const std::vector<OptionDescription>& options,
                    bool are_arguments) {
  if (options.empty()) {
    return {};
  }
  std::string out = fmt::format(".SH {}\n", heading);
  for (const OptionDescription& option : options) {
    out += option_entry(option, are_arguments);
  }
  return out;
}

// Lines that stay as they are, without the blanks that they begin with in help.
std::string verbatim(std::string_view lines) {
  std::string out = ".RS 4\n.nf\n";
  for (std::string_view line : split(lines, "\n")) {
    line.remove_prefix(std::min(line.size(), std::size_t{2}));
    out += escaped(line) + "\n";
  }
  return out + ".fi\n.RE\n";
}

// A paragraph of help's last part. "Example: what grew?" and indented lines, "Exit status: …", or anything
// else.
std::string note(std::string_view paragraph) {
  std::string out;
  const std::size_t line_end = std::min(paragraph.find('\n'), paragraph.size());
  const std::string_view first = paragraph.substr(0, line_end);
  const std::string_view rest = paragraph.substr(std::min(paragraph.size(), line_end + 1));
  constexpr std::string_view exit_status = "Exit status: ";
  if (first.starts_with("Example")) {
    const std::size_t colon = std::min(first.find(':'), first.size());
    out = ".SH EXAMPLES\n";
    if (const std::string_view what = first.substr(std::min(first.size(), colon + 2)); !what.empty()) {
      out += filled(what);
    }
    return out + verbatim(rest);
  }
  if (paragraph.starts_with(exit_status)) {
    return ".SH EXIT STATUS\n" + filled(capitalized(sentence(paragraph.substr(exit_status.size()))));
  }
  if (const std::size_t at = paragraph.find("\nExit status: "); at != std::string_view::npos) {
    return note(paragraph.substr(0, at)) + note(paragraph.substr(at + 1));
  }
  if (rest.starts_with("  ")) {
    return ".SH NOTES\n" + filled(first) + verbatim(rest);
  }
  return ".SH NOTES\n" + filled(paragraph);
}

std::string see_also(std::span<const std::string> pages) {
  std::string out = ".SH SEE ALSO\n";
  for (const std::string& page : pages) {
    out += fmt::format(".BR {} (1){}\n", escaped(page), &page == &pages.back() ? "" : ",");
  }
  return out;
}

}  // namespace

std::string man_page_name(std::string_view command) {
  std::string name{command};
  std::ranges::replace(name, ' ', '-');
  return name;
}

std::string overview_man_page(const ManPageFrame& frame, std::span<const SummarizedCommand> commands) {
  std::string out =
      title(frame, "arpent") +
      "arpent \\- surveys the heap of C, C++ and Zig programs\n"
      ".SH SYNOPSIS\n" +
      synopsis("arpent COMMAND [options] …") + ".SH DESCRIPTION\n" +
      filled(
          "Arpent surveys a program's heap: who owns which block, where it came from, and what is "
          "never given back. It works on unmodified programs, and on programs whose modules in C, C++ "
          "and Zig are linked with its library.") +
      ".SH COMMANDS\nEach command has a manual page of its own.\n";
  std::vector<std::string> pages;
  for (const auto& [command, summary] : commands) {
    const std::string page = man_page_name(command.name);
    out += fmt::format(".TP\n.BR {} (1)\n{}", escaped(page), filled(capitalized(sentence(summary))));
    pages.push_back(page);
  }
  out += fmt::format(
      ".SH OPTIONS\n"
      ".TP\n{}, {}\n{}"
      ".TP\n{}\n{}",
      bold("-h"), bold("--help"), filled("Lists the commands."), bold("--version"),
      filled("Prints the version."));
  out += ".SH ENVIRONMENT\n" +
         filled(
             "A value that is not accepted is reported on standard error, and the default is "
             "used.");
  for (const EnvironmentVariable& variable : environment_variables()) {
    out += fmt::format(".TP\n{} ({})\n{}", bold(variable.name), escaped(variable.accepted),
                       filled(fmt::format("{} Default: {}. Read by {}.", variable.meaning,
                                          variable.default_value, variable.readers)));
  }
  out += ".SH EXAMPLES\nWhere does ls allocate, and does it leak?\n" + verbatim("  arpent run -- ls -l");
  return out + see_also(pages);
}

std::string man_page(const ManPageFrame& frame, const CommandDescription& command, std::string_view summary) {
  std::string out = title(frame, man_page_name(command.name)) +
                    fmt::format("{} \\-\n{}", escaped(man_page_name(command.name)), filled(summary)) +
                    ".SH SYNOPSIS\n" + synopsis(command.usage) + ".SH DESCRIPTION\n" + filled(command.text);
  if (!command.commands.empty()) {
    out += ".SH COMMANDS\n";
    for (const CommandDescription& verb : command.commands) {
      std::string tag = bold(verb.name.substr(command.name.size() + 1));
      for (const OptionDescription& argument : verb.arguments) {
        tag += argument.is_required ? " " + italic(argument.names.front())
                                    : fmt::format(" [{}]", italic(argument.names.front()));
      }
      out += fmt::format(".TP\n{}\n{}", tag, filled(sentence(verb.text)));
      for (const OptionDescription& option : verb.options) {
        if (option.names.back() != "--help") {
          out += ".RS\n" + option_entry(option, false) + ".RE\n";
        }
      }
    }
  }
  out += entries("ARGUMENTS", command.arguments, true) + entries("OPTIONS", command.options, false);
  std::string last_heading;
  for (std::string_view paragraph : split(command.notes, "\n\n")) {
    std::string section = note(paragraph);
    const std::string heading = section.substr(0, section.find('\n'));
    if (heading == last_heading) {
      section.replace(0, heading.size(), ".PP");
    }
    last_heading = heading;
    out += section;
  }
  return out + see_also(std::vector<std::string>{"arpent"});
}

}  // namespace ar::command

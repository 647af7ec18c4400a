// arpent_manual FOLDER DATE: writes the manual pages and the completions of shells below FOLDER, in the
// places that they have below share/. The build runs it; it is not installed.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "arpent/common/command_line.hpp"
#include "arpent/manual/completions.hpp"
#include "arpent/manual/man_page.hpp"
#include "arpent/subcommands.hpp"

namespace {

using namespace ar::command;

// 'arpent help' takes the names of the others, which itself cannot know when it declares its argument.
void name_topics(std::vector<SummarizedCommand>& commands) {
  std::vector<std::string> topics{"environment"};
  for (const Subcommand* const subcommand : subcommands()) {
    topics.emplace_back(subcommand->name);
  }
  for (SummarizedCommand& each : commands) {
    for (OptionDescription& argument : each.command.arguments) {
      if (argument.names.front() == "TOPIC") {
        argument.choices = topics;
      }
    }
  }
}

std::vector<SummarizedCommand> described() {
  std::vector<SummarizedCommand> commands;
  for (const Subcommand* const subcommand : subcommands()) {
    CommandDescription description;
    CommandLine::describe_instead_of_parsing(&description);
    const int status = subcommand->main({});
    CommandLine::describe_instead_of_parsing(nullptr);
    if (status != 0 || description.name.empty()) {
      throw std::runtime_error{fmt::format("'{}' does not declare its options", subcommand->name)};
    }
    commands.push_back({std::move(description), subcommand->summary});
  }
  return commands;
}

void write(const std::filesystem::path& file, const std::string& text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream stream{file, std::ios::binary};
  stream << text;
  stream.close();
  if (!stream) {
    throw std::runtime_error{fmt::format("cannot write '{}'", file.string())};
  }
}

void write_all(const std::filesystem::path& folder, const ManPageFrame& frame) {
  std::vector<SummarizedCommand> commands = described();
  for (const SummarizedCommand& each : commands) {
    write(folder / "man/man1" / (man_page_name(each.command.name) + ".1"),
          man_page(frame, each.command, each.summary));
  }
  write(folder / "man/man1/arpent.1", overview_man_page(frame, commands));
  name_topics(commands);
  write(folder / "bash-completion/completions/arpent", bash_completion(commands));
  write(folder / "zsh/site-functions/_arpent", zsh_completion(commands));
  write(folder / "fish/vendor_completions.d/arpent.fish", fish_completion(commands));
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    fmt::print(stderr, "arpent_manual: takes a folder and a date\n");
    return 2;
  }
  try {
    write_all(arguments[1], {.version = ARPENT_VERSION, .date = arguments[2]});
  } catch (const std::exception& error) {
    fmt::print(stderr, "arpent_manual: {}\n", error.what());
    return 1;
  }
  return 0;
}

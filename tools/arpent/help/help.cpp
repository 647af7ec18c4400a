// arpent help [COMMAND | environment]
#include <fmt/format.h>

#include <cstdio>

#include "arpent/common/command_line.hpp"
#include "arpent/common/environment.hpp"
#include "arpent/common/exit_status.hpp"
#include "arpent/subcommands.hpp"
#include "profile/model/text_format.hpp"

namespace ar::command {
namespace {

std::string overview() {
  std::string text = fmt::format(
      "arpent {}: surveys the heap of C, C++ and Zig programs.\n"
      "\n"
      "Usage: arpent COMMAND [options] …\n"
      "\n"
      "Commands:\n",
      ARPENT_VERSION);
  for (const Subcommand* subcommand : subcommands()) {
    text += fmt::format("  {:<12} {}\n", subcommand->name, subcommand->summary);
  }
  text +=
      "\n"
      "  arpent COMMAND --help      options, examples and exit statuses of a command\n"
      "  arpent help environment    the environment variables\n"
      "  arpent --version           the version\n"
      "\n"
      "Example: where does ls allocate, and does it leak?\n"
      "  arpent run -- ls -l\n";
  return text;
}

int print(const std::string& text) {
  fmt::print("{}", text);
  return std::fflush(stdout) == 0 ? status_success : status_failure;
}

int help(const std::vector<std::string>& arguments) {
  CommandLine line{"Explains a command, or lists them.", "arpent help"};
  std::string topic;
  line.option("TOPIC", topic, "A command, or 'environment'").value("TOPIC");
  line.footer("Example:\n  arpent help environment");
  line.usage("arpent help [TOPIC]");
  if (const auto status = line.parse(arguments)) {
    return *status;
  }
  if (topic.empty()) {
    return print(overview());
  }
  if (topic == "environment") {
    return print(environment_help());
  }
  if (const Subcommand* subcommand = find_subcommand(topic)) {
    return subcommand->main({"--help"});
  }
  complain("arpent help",
           fmt::format("there is no command or topic '{}'; see 'arpent help'", profile::printable(topic)));
  return status_usage;
}

}  // namespace

const Subcommand help_subcommand{
    .name = "help", .summary = "explains a command, or lists them", .main = &help};

}  // namespace ar::command

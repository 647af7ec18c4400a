#include "arpent/run/run_arguments.hpp"

namespace ar::command {
namespace {

constexpr const char* old_profile_option = "--output";

}  // namespace

void declare_run_options(CommandLine& line, RunOptions& options) {
  line.option("--mode", options.mode,
              "What an allocation records: its full stack, the site that calls the allocator, or nothing")
      .one_of({"off", "sites", "stacks"})
      .with_default_in_help();
  line.option("--stack-depth", options.stack_depth, "Frames that are kept of a stack, innermost first")
      .value("N")
      .between(1, 512)
      .with_default_in_help();
  line.option("--profile", options.profile,
              "File for the profile, which must not exist yet; complete at any moment")
      .value("FILE");
  line.option(old_profile_option, options.profile).hidden();
  line.option("--report", options.report, "File for the report, instead of standard error")
      .value("FILE")
      .check([](const std::string& file) {
        return file.empty() ? std::string{"the name of the file is empty"} : std::string{};
      });
  line.option("--format", options.format, "Of the report: text, or json for programs")
      .one_of({"text", "json"})
      .with_default_in_help();
  line.option("--leak-exit", options.leak_exit,
              "Exit status when memory was definitely lost and the program itself ended with 0")
      .value("N")
      .between(1, 255);
  line.option("--suppressions", options.suppressions,
              "File of leaks that do not count, in LeakSanitizer's syntax")
      .value("FILE");
  line.option("--top", options.top, "Rows of each table")
      .value("N")
      .between(0, 100000)
      .with_default_in_help();
  line.flag("--follow-children", options.follow_children, "Track the processes that the program starts, too");
  line.flag("--no-command-line", options.no_command_line,
            "Withhold the program's arguments, which may hold secrets, from the profile and the report");
  // For help alone: split_off_program takes them off before the rest is parsed.
  line.option("PROGRAM", options.program, "The program, found as a shell does").value("PROGRAM");
  line.option("ARGS", options.program_arguments, "The program's arguments").value("TEXT");
}

bool uses_old_profile_option(const CommandLine& line) { return line.is_given(old_profile_option); }

std::pair<std::vector<std::string>, std::vector<std::string>> split_off_program(
    const CommandLine& line, const std::vector<std::string>& arguments) {
  auto at = arguments.begin();
  std::vector<std::string> options;
  while (at != arguments.end() && at->starts_with('-') && *at != "-") {
    if (*at == "--") {
      ++at;
      break;
    }
    const bool value_follows = line.takes_value(*at);
    options.push_back(*at++);
    if (value_follows && at != arguments.end() && *at != "--") {
      options.push_back(*at++);
    }
  }
  return {std::move(options), std::vector<std::string>(at, arguments.end())};
}

}  // namespace ar::command

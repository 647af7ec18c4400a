#include "arpent/run/run_arguments.hpp"

#include <string_view>

namespace ar::command {
namespace {

constexpr const char* old_profile_option = "--output";

bool takes_value(const CLI::App& app, std::string_view word) {
  if (word.contains('=')) {
    return false;
  }
  const CLI::Option* option = app.get_option_no_throw(std::string{word});
  return option != nullptr && option->get_items_expected_max() > 0;
}

}  // namespace

void declare_run_options(CLI::App& app, RunOptions& options) {
  app.add_option("--mode", options.mode,
                 "What an allocation records: its full stack, the site that calls the allocator, or nothing")
      ->check(CLI::IsMember({"off", "sites", "stacks"}))
      ->capture_default_str();
  app.add_option("--stack-depth", options.stack_depth, "Frames that are kept of a stack, innermost first")
      ->check(CLI::Range(1, 512))
      ->capture_default_str();
  app.add_option("--profile", options.profile,
                 "File for the profile, which must not exist yet; complete at any moment");
  app.add_option(old_profile_option, options.profile)->group("");  // help does not list it
  app.add_option("--report", options.report, "File for the report, instead of standard error")
      ->check([](const std::string& file) {
        return file.empty() ? std::string{"the name of the file is empty"} : std::string{};
      });
  app.add_option("--format", options.format, "Of the report: text, or json for programs")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  app.add_option("--leak-exit", options.leak_exit,
                 "Exit status when memory was definitely lost and the program itself ended with 0")
      ->check(CLI::Range(1, 255));
  app.add_option("--suppressions", options.suppressions,
                 "File of leaks that do not count, in LeakSanitizer's syntax");
  app.add_option("--top", options.top, "Rows of each table")
      ->check(CLI::Range(0, 100000))
      ->capture_default_str();
  app.add_flag("--follow-children", options.follow_children,
               "Track the processes that the program starts, too");
}

bool uses_old_profile_option(const CLI::App& app) { return app.count(old_profile_option) != 0; }

std::pair<std::vector<std::string>, std::vector<std::string>> split_off_program(
    const CLI::App& app, const std::vector<std::string>& arguments) {
  auto at = arguments.begin();
  std::vector<std::string> options;
  while (at != arguments.end() && at->starts_with('-') && *at != "-") {
    if (*at == "--") {
      ++at;
      break;
    }
    const bool value_follows = takes_value(app, *at);
    options.push_back(*at++);
    if (value_follows && at != arguments.end() && *at != "--") {
      options.push_back(*at++);
    }
  }
  return {std::move(options), std::vector<std::string>(at, arguments.end())};
}

}  // namespace ar::command

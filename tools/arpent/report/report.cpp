// arpent report PROFILE: what a profile tells, in the format that its reader wants.
#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arpent/common/choices.hpp"
#include "arpent/common/command_line.hpp"
#include "arpent/common/exit_status.hpp"
#include "arpent/common/output.hpp"
#include "arpent/common/profile_input.hpp"
#include "arpent/common/site_choice.hpp"
#include "arpent/subcommands.hpp"
#include "profile/change/grouping.hpp"
#include "profile/model/metric.hpp"
#include "profile/model/text_format.hpp"
#include "profile/write/report_formats.hpp"

namespace ar::command {
namespace {

constexpr std::string_view name = "arpent report";

struct Options {
  std::string profile;
  std::string format = "text";
  std::string output;
  std::string sort;
  std::string by;
  std::string tree;
  SiteChoiceOptions sites;
  std::size_t top = 10;
  std::size_t most_input = profile::default_most_input;
  bool no_command_line = false;
};

// "Formats:" and a line for each.
std::string format_lines() {
  std::string lines = "Formats, and the usual endings of their files:\n";
  for (const profile::ReportFormat& format : profile::report_formats()) {
    lines += fmt::format("  {:<11} {} ({})\n", format.name, format.help, format.ending);
  }
  return lines;
}

void declare(CommandLine& line, Options& options) {
  line.option("PROFILE", options.profile, "Profile of a run, of 'arpent snapshot' or 'arpent merge'")
      .value("FILE")
      .required();
  const std::vector<std::string> formats = names_of(profile::report_formats());
  line.option("--format", options.format, either(formats)).one_of(formats).with_default_in_help();
  add_output_option(line, options.output);
  line.option("--sort", options.sort,
              "Metric to sort by; also used for trees and folded stacks (default: peak)")
      .one_of(names_of(profile::metrics()));
  std::vector<std::string> groupings = names_of(profile::groupings());
  std::erase(groupings, name_of(profile::Grouping::site));  // what is shown without --by
  line.option("--by", options.by, "Rows of the table, instead of the sites").one_of(groupings);
  line.option("--tree", options.tree, "A tree of functions, instead of tables")
      .one_of(names_of(profile::tree_directions()));
  line.option("--top", options.top, "Rows of each table, branches of each node of a tree")
      .value("N")
      .between(0, 100000)
      .with_default_in_help();
  add_site_choice_options(line, options.sites);
  add_no_command_line_option(line, options.no_command_line);
  add_input_limit_option(line, options.most_input);
  line.footer(
      format_lines() +
      "\n"
      "Examples:\n"
      "  arpent report app.profile\n"
      "  arpent report --by function --sort allocations app.profile\n"
      "  arpent report --format html --output app.html app.profile\n"
      "  arpent report --format pprof --output app.pb.gz app.profile\n"
      "  arpent report --format junit --suppressions leaks.supp --output leaks.xml app.profile\n"
      "\n"
      "Exit status: 0; 2 for wrong options; 3 when a file cannot be read, or the report not be written.");
  line.usage("arpent report [options] PROFILE");
}

// Options that do not apply to the chosen format are a mistake. Empty if there is none.
std::string contradiction(const Options& options, const profile::ReportFormat& format) {
  if (!format.takes_rows && (!options.by.empty() || !options.tree.empty())) {
    return fmt::format("{} is for --format text only", options.by.empty() ? "--tree" : "--by");
  }
  if (!options.by.empty() && !options.tree.empty()) {
    return "--by and --tree exclude each other";
  }
  if (!options.sort.empty() && !format.takes_metric) {
    return fmt::format("--sort does not apply to --format {}", format.name);
  }
  return {};
}

int report(const std::vector<std::string>& arguments) {
  CommandLine line{
      "Tells what a profile holds: a summary, then tables of the sites that lost most, held most at the\n"
      "peak, allocated most, and allocated for moments only; or the same for other programs.",
      std::string{name}};
  Options options;
  declare(line, options);
  if (const auto status = line.parse(arguments)) {
    return *status;
  }
  const profile::ReportFormat& format = *profile::report_format_named(options.format);
  if (const std::string wrong = contradiction(options, format); !wrong.empty()) {
    complain(name, wrong);
    return status_usage;
  }
  const auto choice = read_site_choice(options.sites);
  if (!choice) {
    complain(name, choice.error().what);
    return choice.error().status;
  }
  auto profile = open_profile(options.profile, options.most_input);
  if (!profile) {
    complain(name, profile.error());
    return status_unreadable;
  }
  if (options.no_command_line) {
    profile->command_line.clear();
  }
  if (options.by == "thread" && profile->threads.empty()) {
    complain(name, fmt::format("{} tells nothing of threads", profile::in_quotes(options.profile)));
    return status_unreadable;
  }
  profile::Symbolizer symbolizer;
  profile::suppress_leaks(*profile, choice->suppressions, symbolizer);
  std::vector<std::string> notes;
  const std::size_t all = profile->sites.size();
  if (const std::size_t removed = choice->selection.apply(*profile, symbolizer);
      !choice->selection.chooses_all()) {
    notes.push_back(
        fmt::format("Figures are of {} of {} that --focus and --ignore choose; the peak is the process's.",
                    profile::with_separators(all - removed), profile::counted(all, "site")));
  }
  const profile::ReportRequest request{
      .profile = *profile,
      .symbolizer = symbolizer,
      .version = ARPENT_VERSION,
      .name = std::filesystem::path{options.profile}.filename().string(),
      .choice = {.metric = profile::metric_named(options.sort),
                 .grouping = profile::grouping_named(options.by),
                 .tree = profile::tree_direction_named(options.tree),
                 .text = {.top = options.top, .colour = output_allows_colour(options.output)}},
      .notes = std::move(notes)};
  return write_output(name, options.output, format.write(request)) ? status_success : status_unreadable;
}

}  // namespace

const Subcommand report_subcommand{
    .name = "report", .summary = "tells what a profile holds, as text or for other tools", .main = &report};

}  // namespace ar::command

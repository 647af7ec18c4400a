// arpent report PROFILE: what a profile tells, in the format that its reader wants.
#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "arpent/common/exit_status.hpp"
#include "arpent/common/output.hpp"
#include "arpent/common/profile_input.hpp"
#include "arpent/common/site_choice.hpp"
#include "arpent/subcommands.hpp"
#include "profile/model/text_format.hpp"
#include "profile/write/flame_writers.hpp"
#include "profile/write/html_writer.hpp"
#include "profile/write/json_writer.hpp"
#include "profile/write/leak_writers.hpp"
#include "profile/write/page_data.hpp"
#include "profile/write/pprof_writer.hpp"
#include "profile/write/profile_report.hpp"

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
};

void declare(CLI::App& app, Options& options) {
  app.add_option("PROFILE", options.profile, "Profile of a run, of 'arpent snapshot' or 'arpent merge'")
      ->required();
  app.add_option("--format", options.format, "text, json, html, pprof, collapsed, speedscope, sarif or junit")
      ->check(CLI::IsMember({"text", "json", "html", "pprof", "collapsed", "speedscope", "sarif", "junit"}))
      ->capture_default_str();
  add_output_option(app, options.output);
  app.add_option("--sort", options.sort, "Figure to sort by, and of a tree or of folded stacks (else: peak)")
      ->check(CLI::IsMember({"live", "peak", "total", "allocations", "temporary", "leaked"}));
  app.add_option("--by", options.by, "Rows of the table, instead of the sites")
      ->check(CLI::IsMember({"function", "file", "module", "thread", "type", "description", "stack"}));
  app.add_option("--tree", options.tree, "A tree of functions, instead of tables")
      ->check(CLI::IsMember({"bottom-up", "top-down"}));
  app.add_option("--top", options.top, "Rows of each table, branches of each node of a tree")
      ->check(CLI::Range(0, 100000))
      ->capture_default_str();
  add_site_choice_options(app, options.sites);
  app.footer(
      "Examples:\n"
      "  arpent report app.profile\n"
      "  arpent report --by function --sort allocations app.profile\n"
      "  arpent report --format html --output app.html app.profile\n"
      "  arpent report --format pprof --output app.pb.gz app.profile\n"
      "  arpent report --format junit --suppressions leaks.supp --output leaks.xml app.profile\n"
      "\n"
      "Exit status: 0; 2 for wrong options; 3 when a file cannot be read, or the report not be written.");
  set_usage(app, "arpent report [options] PROFILE");
}

// Options that say nothing to the chosen format are a mistake. Empty when all is well.
std::string contradiction(const Options& options) {
  const bool is_text = options.format == "text";
  if (!is_text && (!options.by.empty() || !options.tree.empty())) {
    return fmt::format("{} is for --format text only", options.by.empty() ? "--tree" : "--by");
  }
  if (!options.by.empty() && !options.tree.empty()) {
    return "--by and --tree exclude each other";
  }
  if (!options.sort.empty() && !is_text && options.format != "collapsed" && options.format != "speedscope") {
    return fmt::format("--sort says nothing to --format {}, which holds all figures", options.format);
  }
  return {};
}

std::string written(const profile::Profile& profile, profile::Symbolizer& symbolizer, const Options& options,
                    std::vector<std::string> notes) {
  const auto measure = profile::measure_named(options.sort);
  const profile::Measure one = measure.value_or(profile::Measure::peak);
  if (options.format == "pprof") {
    return pprof_profile(profile, symbolizer);
  }
  if (options.format == "collapsed") {
    return collapsed_stacks(profile, symbolizer, one);
  }
  if (options.format == "speedscope") {
    return speedscope_profile(profile, symbolizer, one, ARPENT_VERSION);
  }
  if (options.format == "sarif") {
    return sarif_leaks(profile, symbolizer, ARPENT_VERSION);
  }
  if (options.format == "junit") {
    return junit_leaks(profile, symbolizer);
  }
  if (options.format == "html") {
    const std::string file = std::filesystem::path{options.profile}.filename().string();
    const std::array page{profile::page_data(profile, file, symbolizer, notes)};
    return profile::html_page(page);
  }
  if (options.format == "json") {
    // Its sites are named first: only then it is known what has no names.
    for (const profile::Module& module : profile.modules) {
      [[maybe_unused]] const bool named = symbolizer.has(module);
    }
    const std::vector<std::string> problems = symbolizer.problems();
    notes.insert(notes.end(), problems.begin(), problems.end());
    return json_report(profile, symbolizer, ARPENT_VERSION, notes);
  }
  profile::ReportChoice choice{.measure = measure,
                               .grouping = profile::grouping_named(options.by),
                               .tree = {},
                               .text = {.top = options.top, .colour = output_allows_colour(options.output)}};
  if (!options.tree.empty()) {
    choice.tree =
        options.tree == "top-down" ? profile::TreeDirection::top_down : profile::TreeDirection::bottom_up;
  }
  return text_report(profile, symbolizer, choice, [&] {
    const std::vector<std::string> problems = symbol_notes(symbolizer);
    notes.insert(notes.end(), problems.begin(), problems.end());
    return notes;
  });
}

int report(const std::vector<std::string>& arguments) {
  CLI::App app{
      "Tells what a profile holds: a summary, then tables of the sites that lost most, held most at the\n"
      "peak, allocated most, and allocated for moments only; or the same for other programs.",
      std::string{name}};
  Options options;
  declare(app, options);
  if (const auto status = parse(app, arguments)) {
    return *status;
  }
  if (const std::string wrong = contradiction(options); !wrong.empty()) {
    complain(name, wrong);
    return status_usage;
  }
  const auto choice = read_site_choice(options.sites);
  if (!choice) {
    complain(name, choice.error().what);
    return choice.error().status;
  }
  auto profile = open_profile(options.profile);
  if (!profile) {
    complain(name, profile.error());
    return status_unreadable;
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
  // The page holds lines of source.
  const Readers readers = options.format == "html" ? Readers::owner_only : Readers::as_usual;
  return write_output(name, options.output, written(*profile, symbolizer, options, std::move(notes)), readers)
             ? status_success
             : status_unreadable;
}

}  // namespace

const Subcommand report_subcommand{
    .name = "report", .summary = "tells what a profile holds, as text or for other tools", .main = &report};

}  // namespace ar::command

// arpent diff BEFORE AFTER: what grew between two profiles.
#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arpent/common/exit_status.hpp"
#include "arpent/common/output.hpp"
#include "arpent/common/profile_input.hpp"
#include "arpent/common/site_choice.hpp"
#include "arpent/diff/growth_limit.hpp"
#include "arpent/subcommands.hpp"
#include "profile/change/difference.hpp"
#include "profile/model/text_format.hpp"
#include "profile/write/difference_writers.hpp"

namespace ar::command {
namespace {

constexpr std::string_view name = "arpent diff";

struct Options {
  std::string before;
  std::string after;
  std::string format = "text";
  std::string output;
  std::string sort;
  std::string by;
  SiteChoiceOptions sites;
  std::string fail_on_growth;  // empty: growth is no failure
  std::size_t top = 10;
};

void declare(CLI::App& app, Options& options) {
  app.add_option("BEFORE", options.before, "The earlier profile")->required();
  app.add_option("AFTER", options.after, "The later profile")->required();
  app.add_option("--fail-on-growth", options.fail_on_growth,
                 "Exit with 1 when the figure grew in all; or by more than so many bytes (64KiB), blocks or "
                 "per cent (5%)");
  app.add_option("--sort", options.sort,
                 "Figure to compare; without it what is live, of two moments of one process, else the peak")
      ->check(CLI::IsMember({"live", "peak", "total", "allocations", "temporary", "leaked"}));
  app.add_option("--by", options.by, "Compare these instead of sites")
      ->check(CLI::IsMember({"function", "file", "module", "type", "description", "stack"}));
  app.add_option("--format", options.format, "text (for people) or json (for programs)")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  add_output_option(app, options.output);
  app.add_option("--top", options.top, "Rows of each table")
      ->check(CLI::Range(0, 100000))
      ->capture_default_str();
  add_site_choice_options(app, options.sites);
  app.footer(
      "Examples:\n"
      "  arpent diff monday.profile tuesday.profile\n"
      "  arpent diff --fail-on-growth 5% --sort peak main.profile branch.profile\n"
      "\n"
      "Exit status: 0; 1 when --fail-on-growth finds growth; 2 for wrong options; 3 when a profile cannot\n"
      "be read, or the output not be written.");
  set_usage(app, "arpent diff [options] BEFORE AFTER");
}

// A profile as the options want it; an exit status when that cannot be.
std::optional<profile::Profile> opened(const std::string& file, const SiteChoice& choice,
                                       profile::Symbolizer& symbolizer) {
  auto profile = open_profile(file);
  if (!profile) {
    complain(name, profile.error());
    return std::nullopt;
  }
  profile::suppress_leaks(*profile, choice.suppressions, symbolizer);
  [[maybe_unused]] const std::size_t removed = choice.selection.apply(*profile, symbolizer);
  return std::move(*profile);
}

int diff(const std::vector<std::string>& arguments) {
  CLI::App app{
      "Tells what grew between two profiles, which sites are new and which are gone. Sites are recognised\n"
      "by the functions and files of their stacks, so that two builds can be compared.",
      std::string{name}};
  Options options;
  declare(app, options);
  if (const auto status = parse(app, with_growth_value(arguments))) {
    return *status;
  }
  std::optional<GrowthLimit> limit;
  if (!options.fail_on_growth.empty()) {
    limit = growth_limit(options.fail_on_growth);
    if (!limit) {
      complain(name, fmt::format("--fail-on-growth {} is neither bytes (64KiB), blocks nor per cent (5%)",
                                 profile::in_quotes(options.fail_on_growth)));
      return status_usage;
    }
  }
  const auto choice = read_site_choice(options.sites);
  if (!choice) {
    complain(name, choice.error().what);
    return choice.error().status;
  }
  profile::Symbolizer symbolizer;
  const auto before = opened(options.before, *choice, symbolizer);
  const auto after = before ? opened(options.after, *choice, symbolizer) : std::nullopt;
  if (!after) {
    return status_unreadable;
  }
  const profile::Measure measure =
      profile::measure_named(options.sort).value_or(usual_measure(*before, *after));
  const auto grouping = profile::grouping_named(options.by).value_or(profile::Grouping::site);
  const profile::Difference difference = profile::difference(*before, *after, measure, grouping, symbolizer);
  std::vector<std::string> notes;
  if (measure == profile::Measure::leaked && (!leaks_are_known(*before) || !leaks_are_known(*after))) {
    notes.emplace_back("Leaks were not looked for in both of them: what is lost cannot be compared.");
  }
  const std::vector<std::string> problems = symbol_notes(symbolizer);
  notes.insert(notes.end(), problems.begin(), problems.end());
  const profile::DifferenceNames names{.before = options.before, .after = options.after};
  const std::string output =
      options.format == "json"
          ? json_difference(difference, names, ARPENT_VERSION, notes)
          : text_difference(difference, names,
                            {.top = options.top, .colour = output_allows_colour(options.output)}, notes);
  if (!write_output(name, options.output, output)) {
    return status_unreadable;
  }
  if (limit && exceeds(*limit, difference.before_value, difference.after_value)) {
    complain(name,
             fmt::format("{} grew from {} to {}", described(measure), shown(difference.before_value, measure),
                         shown(difference.after_value, measure)));
    return status_failure;
  }
  return status_success;
}

}  // namespace

const Subcommand diff_subcommand{
    .name = "diff", .summary = "tells what grew between two profiles", .main = &diff};

}  // namespace ar::command

// arpent diff BEFORE AFTER: what grew between two profiles.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arpent/common/choices.hpp"
#include "arpent/common/command_line.hpp"
#include "arpent/common/exit_status.hpp"
#include "arpent/common/output.hpp"
#include "arpent/common/profile_input.hpp"
#include "arpent/common/site_choice.hpp"
#include "arpent/diff/growth_limit.hpp"
#include "arpent/subcommands.hpp"
#include "profile/change/difference.hpp"
#include "profile/model/survey.hpp"
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
  std::size_t most_input = profile::default_most_input;
};

struct Format {
  std::string_view name;
  std::string (*write)(const profile::Difference& difference, const profile::DifferenceNames& names,
                       const profile::TextOptions& text, const std::vector<std::string>& notes);
};
constexpr std::array formats{
    Format{.name = "text", .write = profile::text_difference},
    Format{
        .name = "json",
        .write = [](const auto& difference, const auto& names, const auto& /*text*/,
                    const auto& notes) { return json_difference(difference, names, ARPENT_VERSION, notes); }},
};

void declare(CommandLine& line, Options& options) {
  line.option("BEFORE", options.before, "The earlier profile").value("FILE").required();
  line.option("AFTER", options.after, "The later profile").value("FILE").required();
  line.option("--fail-on-growth", options.fail_on_growth,
              "Exit with 1 when the figure grew in all; or by more than so many bytes (64KiB), blocks or "
              "per cent (5%)")
      .value("LIMIT");
  line.option("--sort", options.sort,
              "Metric to compare (default: live for two moments of one process, else peak)")
      .one_of(names_of(profile::metrics()));
  std::vector<std::string> groupings = names_of(profile::groupings());
  std::erase(groupings, name_of(profile::Grouping::site));    // what is compared without --by
  std::erase(groupings, name_of(profile::Grouping::thread));  // two profiles have different threads
  line.option("--by", options.by, "Compare these instead of sites").one_of(groupings);
  const std::vector<std::string> names = names_of(formats);
  line.option("--format", options.format, either(names)).one_of(names).with_default_in_help();
  add_output_option(line, options.output);
  line.option("--top", options.top, "Rows of each table")
      .value("N")
      .between(0, 100000)
      .with_default_in_help();
  add_site_choice_options(line, options.sites);
  add_input_limit_option(line, options.most_input);
  line.footer(
      "Examples:\n"
      "  arpent diff monday.profile tuesday.profile\n"
      "  arpent diff --fail-on-growth 5% --sort peak main.profile branch.profile\n"
      "\n"
      "Exit status: 0; 1 when --fail-on-growth finds growth; 2 for wrong options; 3 when a profile cannot\n"
      "be read, or the output not be written.");
  line.usage("arpent diff [options] BEFORE AFTER");
}

// A profile as the options want it; an exit status when that cannot be.
std::optional<profile::Profile> opened(const std::string& file, const Options& options,
                                       const SiteChoice& choice, profile::Symbolizer& symbolizer) {
  auto profile = open_profile(file, options.most_input);
  if (!profile) {
    complain(name, profile.error());
    return std::nullopt;
  }
  profile::suppress_leaks(*profile, choice.suppressions, symbolizer);
  [[maybe_unused]] const std::size_t removed = choice.selection.apply(*profile, symbolizer);
  return std::move(*profile);
}

int diff(const std::vector<std::string>& arguments) {
  CommandLine line{
      "Tells what grew between two profiles, which sites are new and which are gone. Sites are recognised\n"
      "by the functions and files of their stacks, so that two builds can be compared.",
      std::string{name}};
  Options options;
  declare(line, options);
  if (const auto status = line.parse(with_growth_value(arguments))) {
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
  const auto before = opened(options.before, options, *choice, symbolizer);
  const auto after = before ? opened(options.after, options, *choice, symbolizer) : std::nullopt;
  if (!after) {
    return status_unreadable;
  }
  const profile::Metric metric = profile::metric_named(options.sort).value_or(usual_metric(*before, *after));
  const auto grouping = profile::grouping_named(options.by).value_or(profile::Grouping::site);
  const profile::Difference difference = profile::difference(*before, *after, metric, grouping, symbolizer);
  std::vector<std::string> notes;
  const auto is_partly_unknown = [](const profile::Profile& profile) {
    return profile::count_processes(profile).unscanned != 0;
  };
  if (metric == profile::Metric::leaked && (is_partly_unknown(*before) || is_partly_unknown(*after))) {
    notes.emplace_back(
        "Some processes of these profiles were not scanned for leaks; lost memory cannot be compared.");
  }
  const std::vector<std::string> problems = symbol_notes(symbolizer);
  notes.insert(notes.end(), problems.begin(), problems.end());
  const profile::DifferenceNames names{.before = options.before, .after = options.after};
  const profile::TextOptions text{.top = options.top, .colour = output_allows_colour(options.output)};
  const std::string output =
      std::ranges::find(formats, options.format, &Format::name)->write(difference, names, text, notes);
  if (!write_output(name, options.output, output)) {
    return status_unreadable;
  }
  if (limit && exceeds(*limit, difference.before_value, difference.after_value)) {
    complain(name,
             fmt::format("{} grew from {} to {}", described(metric), shown(difference.before_value, metric),
                         shown(difference.after_value, metric)));
    return status_failure;
  }
  return status_success;
}

}  // namespace

const Subcommand diff_subcommand{
    .name = "diff", .summary = "tells what grew between two profiles", .main = &diff};

}  // namespace ar::command

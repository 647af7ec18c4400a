#include "arpent/common/site_choice.hpp"

#include <utility>

#include "arpent/common/exit_status.hpp"
#include "arpent/common/profile_input.hpp"

namespace ar::command {

void add_site_choice_options(CommandLine& line, SiteChoiceOptions& options) {
  line.option("--focus", options.focus,
              "Only sites whose stack, description or type matches this regular expression")
      .value("REGEX");
  line.option("--ignore", options.ignore, "Without the sites that match this one").value("REGEX");
  line.option("--suppressions", options.suppressions, "File of leaks to pass over, in LeakSanitizer's syntax")
      .value("FILE");
}

std::expected<SiteChoice, Failure> read_site_choice(const SiteChoiceOptions& options) {
  auto selection = profile::Selection::parsed(options.focus, options.ignore);
  if (!selection) {
    return std::unexpected(Failure{status_usage, selection.error()});
  }
  auto suppressions = open_suppressions(options.suppressions);
  if (!suppressions) {
    return std::unexpected(Failure{status_unreadable, suppressions.error()});
  }
  return SiteChoice{.selection = std::move(*selection), .suppressions = std::move(*suppressions)};
}

}  // namespace ar::command

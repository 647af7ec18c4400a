// What `arpent report` shows of one profile, and the text it shows.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "profile/change/grouping.hpp"
#include "profile/model/metric.hpp"
#include "profile/model/profile.hpp"
#include "profile/symbols/symbols.hpp"
#include "profile/write/call_tree.hpp"
#include "profile/write/text_style.hpp"

namespace ar::profile {

struct ReportChoice {
  std::optional<Metric> metric;       // none: the usual tables, or the peak for one table or tree
  std::optional<Grouping> grouping;   // one table of these rows
  std::optional<TreeDirection> tree;  // a tree in the place of tables
  TextOptions text;
};

// Ends with a newline. `notes` are sentences for the reader; what the symbolizer could not name is added.
[[nodiscard]] std::string text_report(const Profile& profile, Symbolizer& symbolizer,
                                      const ReportChoice& choice, const std::vector<std::string>& notes);

// "exited", or why that cannot be said; one clause.
[[nodiscard]] std::string described_end(const Profile& profile);

}  // namespace ar::profile

// What changed between two profiles: of two builds, or of two moments of one process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "profile/change/grouping.hpp"
#include "profile/model/metric.hpp"
#include "profile/model/profile.hpp"
#include "profile/symbols/symbols.hpp"

namespace ar::profile {

enum class Change : std::uint8_t { created, grown, unchanged, shrunk, gone };

struct ChangedSite {
  std::string label;                   // of the later profile where it is there
  std::vector<std::uint32_t> callers;  // of stacks, innermost first: indices into Difference::lines
  Site before;                         // figures; all 0 when it is new
  Site after;                          // the same; all 0 when it is gone
  std::int64_t growth = 0;
  Change change = Change::unchanged;
};

struct Difference {
  Metric metric = Metric::peak;
  Totals before;
  Totals after;
  std::uint64_t before_value = 0;  // of the metric, in all
  std::uint64_t after_value = 0;
  std::vector<ChangedSite> sites;  // what grew most first, what shrank most last
  std::vector<std::string> lines;  // of callers, each once: one repeats in many stacks

  [[nodiscard]] std::int64_t growth() const { return static_cast<std::int64_t>(after_value - before_value); }
};

// Sites are the same when the functions and files of their stacks are, their descriptions and their types:
// addresses and lines change with every build. Other groupings compare their labels; not by thread.
[[nodiscard]] Difference difference(const Profile& before, const Profile& after, Metric metric,
                                    Grouping grouping, Symbolizer& symbolizer);

// Of two moments of one process what is live is compared, else the peak.
[[nodiscard]] Metric usual_metric(const Profile& before, const Profile& after);

// "created", "grown" …, as in the JSON; "new" for people.
[[nodiscard]] std::string_view name_of(Change change);

}  // namespace ar::profile

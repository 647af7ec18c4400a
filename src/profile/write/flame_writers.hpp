// A profile in the formats of flame graph viewers.
#pragma once

#include <string>
#include <string_view>

#include "profile/model/metric.hpp"
#include "profile/model/profile.hpp"
#include "profile/symbols/symbols.hpp"

namespace ar::profile {

// Folded stacks as flamegraph.pl, inferno and speedscope read them: a line for each stack, outermost function
// first, with semicolons between and the metric's value at the end.
[[nodiscard]] std::string collapsed_stacks(const Profile& profile, Symbolizer& symbolizer, Metric metric);

// speedscope's own format: one profile for each metric that is not 0 everywhere, the chosen one first.
// `version` is that of the command.
[[nodiscard]] std::string speedscope_profile(const Profile& profile, Symbolizer& symbolizer, Metric first,
                                             std::string_view version);

}  // namespace ar::profile

// Leaks as the tools of continuous integration read them.
#pragma once

#include <string>
#include <string_view>

#include "profile/model/profile.hpp"
#include "profile/symbols/symbols.hpp"

namespace ar::profile {

// SARIF 2.1.0: a result for each site that lost memory, with its stack. Suppressed leaks are results that are
// marked so; intentional ones are left out. `version` is that of the command.
[[nodiscard]] std::string sarif_leaks(const Profile& profile, Symbolizer& symbolizer,
                                      std::string_view version);

// JUnit's XML: a failed test case for each site that lost memory, a skipped one for each that is suppressed,
// and one that passes when there is none. If a process was not scanned for leaks, that is an error.
[[nodiscard]] std::string junit_leaks(const Profile& profile, Symbolizer& symbolizer);

}  // namespace ar::profile

// How a site is named in a report.
#pragma once

#include <string>

#include "profile/model/profile.hpp"
#include "profile/symbols/symbols.hpp"

namespace ar::profile {

// True when file and line were recorded with the allocation: debug information is not needed.
[[nodiscard]] bool has_own_place(const Site& site);

// Where the user's code asked for the memory: the site's own place or, where that is only a wrapper around
// the allocation, the first caller in its stack that is none.
[[nodiscard]] const Location& user_location(const Profile& profile, const Site& site, Symbolizer& symbolizer);

// `src/tree.c:41  "node"` for annotated sites, `make_node  src/tree.c:41` for others, `libfoo.so+0x12` where
// there is no debug information. Printable on one line.
[[nodiscard]] std::string site_label(const Profile& profile, const Site& site, Symbolizer& symbolizer);

}  // namespace ar::profile

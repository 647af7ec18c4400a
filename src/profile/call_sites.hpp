// Sites of a profile, joined into fewer.
#pragma once

#include "profile/profile.hpp"

namespace ar::profile {

// Adds what happened at `from` to the figures of `to`; what the site is stays as it was.
void add_figures(Site& to, const Site& from);

}  // namespace ar::profile

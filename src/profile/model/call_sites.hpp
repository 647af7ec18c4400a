// Sites of a profile, joined into fewer.
#pragma once

#include "profile/model/profile.hpp"

namespace ar::profile {

// Adds what happened at `from` to the figures of `to`; what the site is stays as it was.
void add_figures(Site& to, const Site& from);

// Makes one site of those that differ in their stacks alone, at the place of the earliest; no site has a
// stack then. Totals stay as they are.
void join_stacks(Profile& profile);

}  // namespace ar::profile

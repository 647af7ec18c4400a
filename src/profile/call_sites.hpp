// Sites as the call that allocates, whatever stack it was made from.
#pragma once

#include "profile/profile.hpp"

namespace ar::profile {

// Adds one site's figures to another's.
void add_figures(Site& to, const Site& from);

// Makes one site of those that differ in their stacks alone, at the place of the earliest; no site has a
// stack then. Totals stay as they are.
void join_stacks(Profile& profile);

}  // namespace ar::profile

// A library that was opened, closed and opened again is several modules in a profile: addresses are of one
// load only. For the reader it is one.
#pragma once

#include "profile/model/profile.hpp"

namespace ar::profile {

// Makes one site of those that are the same place in the same file, whichever of its loads they were seen in.
// The figures are summed up; the site is the latest load's, at the place of the earliest.
void join_load_generations(Profile& profile);

}  // namespace ar::profile

// Several profiles as one: of the processes of one run, of many runs, of many machines.
#pragma once

#include <span>

#include "profile/model/profile.hpp"

namespace ar::profile {

// Sums up what happened at the same place, by the same stack, in the same files: modules are the same when
// path and build id are. Code outside of any file (compiled at run time) is each process's own. Threads of
// one name are one.
//
// The peak of several processes is the sum of their peaks: the bytes that they may have held at once.
// Timelines and moments of different processes have no common clock, and only that of a single one is kept.
// Leaks are known when they are known of one of the processes; Profile::unscanned_processes tells of how many
// they are not.
[[nodiscard]] Profile merged(std::span<const Profile> profiles);

}  // namespace ar::profile

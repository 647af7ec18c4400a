// Bounds on what reports make of a profile. A few nodes can be the stack of each of many sites, and a report
// holds every frame of every site, with the name of its module: without a bound a small profile could ask for
// reports of any size.
#pragma once

#include <cstddef>
#include <cstdint>

#include "profile/model/profile.hpp"

namespace ar::profile {

// Throws Damage for stacks that are deeper than processes record them, and for more frames or longer paths in
// all than a profile of `size` bytes can have, of `most` that may be read. Every node must come after its
// caller, and every site name a node or none.
void check_stacks(const Profile& profile, std::size_t size, std::uint64_t most);

}  // namespace ar::profile

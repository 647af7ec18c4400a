// A profile as pprof, speedscope, Parca and Pyroscope read it: profile.proto, compressed by gzip.
//
// Beside it lies the whole profile (packed_profile.hpp) in a field that the others pass over, so that the
// same file is read back without loss.
#pragma once

#include <string>

#include "profile/model/profile.hpp"
#include "profile/symbols/symbols.hpp"

namespace ar::profile {

// Samples have nine values: alloc_objects, alloc_space, inuse_objects, inuse_space, peak_objects, peak_space,
// temporary_objects, leaked_objects, leaked_space (intentional and suppressed leaks left out). Labels:
// description, type, thread, and as bytes the mean size of an allocation.
[[nodiscard]] std::string pprof_profile(const Profile& profile, Symbolizer& symbolizer);

}  // namespace ar::profile

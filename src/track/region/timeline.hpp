// How live and resident memory went: a bounded number of points in the profile, thinned when they are full.
#pragma once

#include <cstdint>

namespace ar::track {

// All of these with the peak's lock held (peak.hpp).

// Adds a point if the last one is long enough ago.
void sample_timeline(std::uint64_t live_bytes) noexcept;
// Adds one in any case: the process ends.
void end_timeline(std::uint64_t live_bytes) noexcept;
// Begins anew: the process starts, or it is a forked child.
void begin_timeline() noexcept;

// Milliseconds since begin_timeline; no lock is needed.
[[nodiscard]] std::uint64_t milliseconds_since_start() noexcept;

// Marks a moment under a label. False when there is no room for it. The caller holds the region's lock, too.
bool add_moment(const char* label, std::uint64_t live_bytes) noexcept;

}  // namespace ar::track

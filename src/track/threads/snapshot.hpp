// What is live by origin at a moment, and what grew between two.
#pragma once

#include <cstddef>
#include <cstdint>

#include "track/region/profile_layout.hpp"

namespace ar::track {

struct LiveOrigin {
  std::int64_t blocks, bytes;
};

// Ends at its last origin; lies in memory of its own.
struct Snapshot {
  std::size_t mapped_size;
  OriginIndex first_own;
  OriginIndex count;
  LiveOrigin total;
  std::uint64_t milliseconds;  // since the process's start
  LiveOrigin origins[1];       // `count` of them
};

// Null without memory, and where nothing is tracked. What other threads do meanwhile may be in it or not.
[[nodiscard]] Snapshot* take_snapshot() noexcept;
void drop_snapshot(Snapshot* snapshot) noexcept;

// Calls visit(origin, growth, context) for each origin of which there are more blocks or more bytes in
// `after` than in `before`. Returns how many there are. Snapshots from before a fork count as empty in the
// child.
std::size_t for_each_grown(const Snapshot& before, const Snapshot& after,
                           void (*visit)(OriginIndex origin, const LiveOrigin& growth, void* context),
                           void* context) noexcept;

}  // namespace ar::track

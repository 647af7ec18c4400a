// Counting: each thread has counters of its own for each origin, and only it writes them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "platform/shared_field.hpp"
#include "track/region/profile_layout.hpp"
#include "track/threads/recorder.hpp"

namespace ar::track {

// A counter has one writer, its thread; readers look at any time.
[[gnu::always_inline]] inline void add(std::uint64_t& counter, std::uint64_t amount) noexcept {
  platform::store_relaxed(counter, platform::load_relaxed(counter) + amount);
}

[[gnu::always_inline]] inline void count_allocation(Counters& counters, std::size_t size) noexcept {
  add(counters.allocations, 1);
  add(counters.allocated_bytes, size);
}

[[gnu::always_inline]] inline void count_free(Counters& counters, std::size_t size) noexcept {
  add(counters.frees, 1);
  add(counters.freed_bytes, size);
}

// The recorder's counters for an origin; null if the profile has no room for them, or if the origin's blocks
// were inherited by a fork (they are not counted).
[[nodiscard]] Counters* counters_of(Recorder& recorder, OriginIndex origin) noexcept;

// Sums one origin's counters over all threads. Lock-free.
[[nodiscard]] Counters totals(OriginIndex index) noexcept;

}  // namespace ar::track

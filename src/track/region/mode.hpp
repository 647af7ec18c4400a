// What is recorded: the mode, for the life of the process, and whether recording is switched on at present.
#pragma once

#include <cstdint>

#include "platform/shared_field.hpp"
#include "track/region/profile_layout.hpp"

namespace ar::track {

enum class Mode : std::uint32_t { off = 0, sites = 1, stacks = 2 };

// Off until start() (tracker.hpp) has opened the profile. Afterwards it changes at most back to off, in a
// forked child that has no memory for a profile.
[[nodiscard]] Mode mode() noexcept;
void set_mode(Mode mode) noexcept;  // also switches recording on

// The profile's header; null in `off` mode.
[[nodiscard]] Header* profile() noexcept;

// What tells an allocation's origin.
enum class Recording : std::uint8_t {
  sites,    // its call site
  stacks,   // its stack
  nothing,  // switched off for now: blocks are only counted, by family
};
// Only for recording(), which the fast path inlines.
[[gnu::visibility("hidden")]] extern constinit std::uint8_t recording_state;
[[nodiscard, gnu::always_inline]] inline Recording recording() noexcept {
  return static_cast<Recording>(platform::load_relaxed(recording_state));
}

// Whether allocations from here on, by any thread, have origins of their own. Returns how it was.
bool switch_recording(bool on) noexcept;

}  // namespace ar::track

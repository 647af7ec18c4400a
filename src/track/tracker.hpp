// Starting and stopping the tracker: what the ABI layer calls.
#pragma once

#include "track/region/region.hpp"
#include "track/track.hpp"

namespace ar::track {

// Once, before the first allocation. `place`: where the profile's file goes, or nowhere: memory alone.
// `stack_depth`: frames that are kept of a stack in stacks mode, at most most_stack_depth; else ignored.
// Falls back to Mode::off when there is no memory for the profile.
void start(Mode wanted, std::uint32_t stack_depth, const ProfilePlace& place) noexcept;

void set_run_state(RunState state) noexcept;

// Whether what is allocated from here on, by any thread, is told apart by its origin. Returns how it was.
// Blocks are counted in any case.
bool switch_recording(bool on) noexcept;

void note_mismatch() noexcept;

void before_fork() noexcept;
void after_fork_in_parent() noexcept;
// The child gets a profile of its own: at `place`, or in memory alone.
void after_fork_in_child(const ProfilePlace& place) noexcept;

}  // namespace ar::track

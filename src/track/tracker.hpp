// Starting and stopping the tracker: what the ABI layer calls.
#pragma once

#include "track/adopted.hpp"
#include "track/owners.hpp"
#include "track/region/mode.hpp"
#include "track/region/region.hpp"
#include "track/threads/peak.hpp"
#include "track/threads/samples.hpp"

namespace ar::track {

// Once, before the first allocation. `place`: where the profile's file goes, or nowhere: memory alone.
// `stack_depth`: frames that are kept of a stack in stacks mode, at most most_stack_depth; else ignored.
// `with_command_line`: whether the profile holds the program's arguments, which may hold secrets.
// Falls back to Mode::off when there is no memory for the profile. Returns what keeps the profile from its
// place.
Untracked start(Mode wanted, std::uint32_t stack_depth, const ProfilePath& place,
                bool with_command_line = true) noexcept;

void set_run_state(RunState state) noexcept;

void note_mismatch() noexcept;

// Whether the process is about to become another program.
void set_in_exec(bool in_exec) noexcept;

// Looks up what may be needed later and cannot be looked up in a sandbox: the loaded modules, the thread's
// stack.
void prepare_for_sandbox() noexcept;

// The locks that a fork takes, in the order in which threads take several.
template <typename Visit>
void for_each_fork_lock(Visit visit) noexcept {
  visit(adopted_lock());
  visit(owners_lock());
  visit(region_lock());
  visit(peak_lock());
  visit(samples_lock());
}

// Once the locks are free: the child gets a profile of its own, at `place` or in memory alone. `leave_notice`
// gets what keeps it from its place.
void after_fork_in_child(const ProfilePath& place, void (*leave_notice)(Untracked) noexcept) noexcept;

}  // namespace ar::track

// Lists the programs of a run that left no profile, because Arpent kept out of them or could not work in
// them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arpent/common/environment.hpp"
#include "profile/model/survey.hpp"

namespace ar::command {

// Addresses that tracking needs in addition to the program's own, in KiB.
[[nodiscard]] constexpr unsigned addresses_for_tracking(bool full_stacks) {
  return full_stacks ? 163840 : 65536;
}

// This process's limit on addresses in KiB, which programs inherit; 0 if it leaves enough for tracking.
[[nodiscard]] std::uint64_t tight_address_limit(bool full_stacks);

// Why `program` (its path) is not tracked: a sentence without full stop.
[[nodiscard]] std::string explanation_of(profile::Cause cause, const std::string& program, bool full_stacks);

// By the notices in the run's folder, which is open, and those in profiles; in order of processes, and of
// time within each.
[[nodiscard]] std::vector<profile::UntrackedProgram> read_untracked_programs(
    int folder, const std::vector<profile::UntrackedNotice>& in_profiles, const Environment& environment,
    bool full_stacks);

}  // namespace ar::command

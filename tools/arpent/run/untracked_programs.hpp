// Programs of a run that left no profile: Arpent kept out of them, or could not do its work in them.
#pragma once

#include <filesystem>
#include <vector>

#include "arpent/common/environment.hpp"
#include "profile/model/survey.hpp"

namespace ar::command {

// What there must be beside the program's own, in KiB.
[[nodiscard]] constexpr unsigned addresses_for_tracking(bool full_stacks) {
  return full_stacks ? 163840 : 65536;
}

// By the notices in the run's folder; in order of processes, and of time within each.
[[nodiscard]] std::vector<profile::UntrackedProgram> read_untracked_programs(
    const std::filesystem::path& folder, const Environment& environment, bool full_stacks);

}  // namespace ar::command

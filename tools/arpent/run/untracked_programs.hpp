// Programs of a run that Arpent kept out of: what processes became by exec, and children that were followed.
#pragma once

#include <filesystem>
#include <vector>

#include "arpent/common/environment.hpp"
#include "profile/model/survey.hpp"

namespace ar::command {

// By the notices in the run's folder; in order of processes.
[[nodiscard]] std::vector<profile::UntrackedProgram> read_untracked_programs(
    const std::filesystem::path& folder, const Environment& environment);

}  // namespace ar::command

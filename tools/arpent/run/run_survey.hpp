// Makes the survey of a run from what is known before and after it.
#pragma once

#include <string>
#include <vector>

#include "arpent/common/child_process.hpp"
#include "arpent/run/profile_collection.hpp"
#include "arpent/run/program_inspection.hpp"
#include "profile/model/survey.hpp"

namespace ar::command {

struct RunFacts {
  std::string program;    // path of what was run
  Inspection inspection;  // of the program that the main image is: exec may have replaced the first
  std::vector<std::string> arguments;
  bool recorded = true;     // false: mode off
  bool full_stacks = true;  // false: mode sites
  std::vector<profile::UntrackedProgram> untracked;
};

[[nodiscard]] profile::Survey make_survey(const RunFacts& facts, const ChildEnding& child,
                                          ProfileCollection collection);

}  // namespace ar::command

// The profiles that a run has left in its folder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "profile/change/suppressions.hpp"
#include "profile/model/survey.hpp"

namespace ar::command {

struct ProfileCollection {
  std::optional<profile::ProcessImage> main;      // the program's own last image
  std::vector<profile::ProcessImage> others;      // by process, then in order of exec
  std::vector<profile::UntrackedNotice> notices;  // of all images
  std::uint32_t further_notices = 0;              // of which it is only known that there were so many
  std::vector<std::string> damaged;               // a sentence for each file that could not be read
};

struct ProfileFile {
  std::string name;        // in the run's folder
  std::optional<int> pid;  // by its name; else the profile itself tells
  unsigned number = 0;     // orders those of one process
};

// Reads these of the open folder, which only this user can enter. `pid` and `ending` are those of the program
// itself. Leaks that the suppressions match are put apart.
[[nodiscard]] ProfileCollection collect_profiles(int folder, const std::vector<ProfileFile>& files, int pid,
                                                 const profile::Ending& ending,
                                                 const profile::Suppressions& suppressions);

// The same of `<pid>.<n>.profile` of all processes.
[[nodiscard]] ProfileCollection collect_profiles(int folder, int pid, const profile::Ending& ending,
                                                 const profile::Suppressions& suppressions);

}  // namespace ar::command

// The profiles that a run has left in its folder.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "profile/survey.hpp"

namespace ar::command {

struct ProfileCollection {
  std::optional<profile::ProcessImage> main;  // the program's own last image
  std::vector<profile::ProcessImage> others;  // by process, then in order of exec
  std::vector<std::string> damaged;           // a sentence for each file that could not be read
};

struct ProfileFile {
  std::filesystem::path path;
  std::optional<int> pid;  // by its name; else the profile itself tells
  unsigned number = 0;     // orders those of one process
};
[[nodiscard]] ProfileCollection collect_profiles(const std::vector<ProfileFile>& files, int pid,
                                                 const profile::Ending& ending);

// Reads `<pid>.<n>.profile` of all processes. `pid` and `ending` are those of the program itself.
[[nodiscard]] ProfileCollection collect_profiles(const std::filesystem::path& folder, int pid,
                                                 const profile::Ending& ending);

}  // namespace ar::command

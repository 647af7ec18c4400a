// `arpent run --profile FILE`: where the profile stays.
//
// The program itself creates FILE, so that it is there whatever becomes of this command. Another program in
// the same process (exec) and other processes find it taken, and create FILE.PID and FILE.PID.N.
#pragma once

#include <expected>
#include <filesystem>
#include <string>

#include "arpent/run/profile_collection.hpp"

namespace ar::command {

class KeptProfile {
 public:
  // Looks whether FILE can be created; nothing is. The error is a sentence without full stop.
  [[nodiscard]] static std::expected<KeptProfile, std::string> at(const std::string& file);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }  // absolute

  // FILE and its companions that were written since this was made; as collect_profiles.
  [[nodiscard]] ProfileCollection collect(int pid, const profile::Ending& ending,
                                          const profile::Suppressions& suppressions) const;

  // After the program's end: makes FILE that of the program's last image, removes those of its earlier ones
  // unless `keep_all`, and compresses what no process writes to any more. The error is a sentence without
  // full stop; what could not be done leaves the files as they were.
  [[nodiscard]] std::expected<void, std::string> settle(ProfileCollection& collection, bool keep_all) const;

 private:
  KeptProfile(std::filesystem::path path, std::filesystem::file_time_type since)
      : path_(std::move(path)), since_(since) {}

  std::filesystem::path path_;
  std::filesystem::file_time_type since_;
};

}  // namespace ar::command

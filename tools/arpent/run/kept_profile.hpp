// `arpent run --profile FILE`: where the profile stays.
//
// Others may write to FILE's folder, so nothing that lies beside FILE is ever taken for ours. The processes
// create their profiles in a folder of this run alone, which lies beside FILE and which only the user can
// enter: the first one as FILE's name, the others as FILE.PID and FILE.PID.N. The first one is also linked to
// FILE by its process, so that it is there whatever becomes of this command. After the program's end the
// others are moved beside FILE, each to a name that was free.
#pragma once

#include <sys/types.h>

#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arpent/run/private_directory.hpp"
#include "arpent/run/profile_collection.hpp"

namespace ar::command {

class KeptProfile {
 public:
  // Makes the run's folder if FILE can be created. The error is a sentence without full stop.
  [[nodiscard]] static std::expected<KeptProfile, std::string> at(const std::string& file);

  // Where the program creates it; absolute.
  [[nodiscard]] std::filesystem::path path_in_folder() const { return folder_.path() / name_; }

  // The profiles of this run; as collect_profiles.
  [[nodiscard]] ProfileCollection collect(int pid, const profile::Ending& ending,
                                          const profile::Suppressions& suppressions) const;

  // After the program's end, and once: makes FILE the profile of the program's last image, moves those of
  // earlier images and of other processes beside it if `keep_all`, compresses what no process writes to any
  // more, and removes the run's folder. The error is a sentence without full stop. A file of others in FILE's
  // place is left alone, and what would be lost then is kept beside it.
  [[nodiscard]] std::expected<void, std::string> settle(const ProfileCollection& collection, bool keep_all);

 private:
  using FileIdentity = std::pair<dev_t, ino_t>;

  KeptProfile(std::filesystem::path path, PrivateDirectory folder)
      : path_(std::move(path)), name_(path_.filename().string()), folder_(std::move(folder)) {}

  // Whether a process of this run gives such a name to a file in the run's folder.
  [[nodiscard]] bool is_profile(const std::string& name) const;
  [[nodiscard]] std::string name_beside(const profile::ProcessImage& image) const;

  // `content`, a file in the run's folder, takes FILE's place if that is free or one of `ours`. The error is
  // a clause that begins with a verb.
  [[nodiscard]] std::expected<void, std::string> replace(const std::string& content,
                                                         const std::vector<FileIdentity>& ours) const;
  // `content` moves to a name beside FILE that is free: `start` or `start`.N. Returns the name, or none; then
  // errno says why.
  [[nodiscard]] std::optional<std::string> move_beside(const std::string& content,
                                                       const std::string& start) const;
  [[nodiscard]] std::expected<void, std::string> settle_main(const profile::ProcessImage& main);
  [[nodiscard]] std::expected<void, std::string> settle_others(const ProfileCollection& collection);
  [[nodiscard]] std::expected<void, std::string> settle_other(const std::string& file,
                                                              const std::string& start, bool compresses);

  std::filesystem::path path_;  // of FILE, absolute
  std::string name_;
  PrivateDirectory folder_;
};

}  // namespace ar::command

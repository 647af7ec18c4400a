// A folder that only this user can enter, removed with all that is in it.
#pragma once

#include <expected>
#include <filesystem>
#include <string>

#include "arpent/common/environment.hpp"

namespace ar::command {

class PrivateDirectory {
 public:
  // In XDG_RUNTIME_DIR, else /dev/shm, else TMPDIR, else /tmp: the first that is there, writable and has
  // room. What runs that were killed have left there is removed. The error is a sentence without full stop.
  [[nodiscard]] static std::expected<PrivateDirectory, std::string> create(const Environment& environment);

  ~PrivateDirectory();
  PrivateDirectory(PrivateDirectory&& other) noexcept : path_(std::move(other.path_)), lock_(other.lock_) {
    other.path_.clear();
  }
  PrivateDirectory& operator=(PrivateDirectory&&) = delete;
  PrivateDirectory(const PrivateDirectory&) = delete;
  PrivateDirectory& operator=(const PrivateDirectory&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  PrivateDirectory(std::filesystem::path path, int lock) : path_(std::move(path)), lock_(lock) {}
  std::filesystem::path path_;  // empty when moved from
  int lock_;  // of the marker, whose lock says that this process uses the folder; -1: none, never swept
};

}  // namespace ar::command

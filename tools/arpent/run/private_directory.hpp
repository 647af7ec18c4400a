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
  // room. The error is a sentence without full stop.
  [[nodiscard]] static std::expected<PrivateDirectory, std::string> create(const Environment& environment);

  ~PrivateDirectory();
  PrivateDirectory(PrivateDirectory&& other) noexcept : path_(std::move(other.path_)) { other.path_.clear(); }
  PrivateDirectory& operator=(PrivateDirectory&&) = delete;
  PrivateDirectory(const PrivateDirectory&) = delete;
  PrivateDirectory& operator=(const PrivateDirectory&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  explicit PrivateDirectory(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;  // empty when moved from
};

}  // namespace ar::command

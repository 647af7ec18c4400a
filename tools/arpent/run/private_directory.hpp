// A folder that only this user can enter, removed with all that is in it.
//
// Others may write to the folder that it lies in, and could move it and put their own in its place. So it is
// held open: what is in it is listed, read and removed from there, never by its path.
#pragma once

#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "arpent/common/descriptor.hpp"
#include "arpent/common/environment.hpp"

namespace ar::command {

class PrivateDirectory {
 public:
  // In XDG_RUNTIME_DIR, else /dev/shm, else TMPDIR, else /tmp: the first that is there, writable and has
  // room, and where no other user can put anything else at the folder's path. What runs that were killed have
  // left there is removed. The error is a sentence without full stop.
  [[nodiscard]] static std::expected<PrivateDirectory, std::string> create(const Environment& environment);

  // In this open folder. What other runs have left there stays: it may be profiles that are to be kept. The
  // error is the reason alone.
  [[nodiscard]] static std::expected<PrivateDirectory, std::string> create_in(
      Descriptor parent, const std::filesystem::path& path_of_parent);

  ~PrivateDirectory() { remove(); }
  PrivateDirectory(PrivateDirectory&& other) noexcept = default;
  PrivateDirectory& operator=(PrivateDirectory&&) = delete;
  PrivateDirectory(const PrivateDirectory&) = delete;
  PrivateDirectory& operator=(const PrivateDirectory&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] int descriptor() const { return folder_.number(); }
  [[nodiscard]] int parent() const { return parent_.number(); }  // open for use with openat alone

  // Removes it with the files in it. Does nothing the second time, or after `keep`. Another thread may call
  // it while this lives.
  void remove() const;

  // From now on it is not removed.
  void keep() { is_kept_ = true; }

 private:
  PrivateDirectory() = default;

  std::filesystem::path path_;
  bool is_kept_ = false;
  Descriptor parent_;  // none after a move
  Descriptor folder_;
  Descriptor lock_;  // the marker, whose lock says that this process uses the folder; none: never swept
};

// The names in an open folder; none if it cannot be read to its end, and errno says why.
[[nodiscard]] std::optional<std::vector<std::string>> names_in(int folder);

}  // namespace ar::command

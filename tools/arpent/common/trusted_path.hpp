// Walks paths by hand: where other users can write, a link or a folder of theirs may lead us astray.
#pragma once

#include <sys/stat.h>

#include <expected>
#include <filesystem>
#include <string>

#include "arpent/common/descriptor.hpp"

namespace ar::command {

// Why a path leads nowhere.
struct PathFailure {
  int error = 0;     // errno; 0 if a link is the reason
  std::string link;  // a verb phrase without a full stop ("is another user's link")
};

struct OpenFolder {
  Descriptor descriptor;  // for use with openat alone
  // Whether no other user can put anything else at its path, as far as that was walked.
  bool is_held = true;
};

// What a path names or would name: an entry of an open folder, which was no link a moment ago.
struct NamedPlace {
  OpenFolder folder;
  std::string name;
  // One of the system's names of open files, as /dev/stdout: no other user can put a file there. All others
  // are to be opened with O_NOFOLLOW.
  bool is_open_file = false;
};

// Opens the folder, one part of its path after the other. A link is followed if this user or root made it, or
// if it lies in a folder that no other user may write to.
[[nodiscard]] std::expected<OpenFolder, PathFailure> open_folder(const std::filesystem::path& path);

// The same up to the last part of the path. If that is a link, it is followed likewise; a link to nothing is
// a failure.
[[nodiscard]] std::expected<NamedPlace, PathFailure> find_place(const std::filesystem::path& path);

// Whether others than this user and root can create entries there.
[[nodiscard]] bool others_may_write(const struct stat& folder);

// Whether no other user can move or replace an entry of this folder that belongs to `owner`: others may not
// write to it, or may not move what is not theirs.
[[nodiscard]] bool holds_entries(const struct stat& folder, uid_t owner);

// Whether no other user can put anything else at the path of what we create in this folder. The path is
// absolute.
[[nodiscard]] bool holds_what_we_create(const std::filesystem::path& folder);

}  // namespace ar::command

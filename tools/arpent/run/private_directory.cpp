#include "arpent/run/private_directory.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "arpent/common/trusted_path.hpp"

namespace ar::command {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view name_start = ".arpent-run-";
// Only folders that hold this file are ever removed. The run holds its lock for as long as it lives.
constexpr const char* marker = "run.lock";

// A profile takes tens of KiB to some MiB. Where a mapped file cannot grow, the program that writes it would
// be killed; containers have had /dev/shm of a few MiB.
constexpr std::uint64_t least_room = 32ULL << 20U;

bool has_room(const std::string& folder, bool in_memory_only) {
  struct statfs system{};
  if (::statfs(folder.c_str(), &system) != 0) {
    return false;
  }
  if (in_memory_only && system.f_type != TMPFS_MAGIC) {
    return false;
  }
  return static_cast<std::uint64_t>(system.f_bavail) * static_cast<std::uint64_t>(system.f_bsize) >=
         least_room;
}

// A name that no other process can expect; none if the system has no random numbers.
std::optional<std::string> new_name() {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::array<unsigned char, 10> random{};
  if (::getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) {
    return std::nullopt;
  }
  std::string name{name_start};
  for (const unsigned char byte : random) {
    name += letters[byte % letters.size()];
  }
  return name;
}

// Puts the marker into the folder, locked from the moment at which it is there. None if that fails: the
// folder then has no marker.
Descriptor mark(int folder) {
  constexpr const char* unlocked = "run.new";
  Descriptor descriptor{::openat(folder, unlocked, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
  if (!descriptor) {
    return {};
  }
  if (::flock(descriptor.number(), LOCK_EX | LOCK_NB) != 0 ||
      ::renameat(folder, unlocked, folder, marker) != 0) {
    ::unlinkat(folder, unlocked, 0);
    return {};
  }
  return descriptor;
}

// Whether a run can have made this, and no process uses it any more.
bool is_left_over(std::string_view name) {
  if (name == marker || name == "libarpent-preload.so") {
    return true;
  }
  int pid = 0;
  const auto read = std::from_chars(name.data(), name.data() + name.size(), pid);
  const bool is_known =
      read.ec == std::errc{} && (name.ends_with(".profile") || name.ends_with(".untracked"));
  return is_known && ::kill(pid, 0) != 0 && errno == ESRCH;
}

bool is_own(int folder) {
  struct stat status{};
  return ::fstat(folder, &status) == 0 && status.st_uid == ::geteuid();
}

void remove_files(int folder, std::string_view but = {}) {
  for (const std::string& name : names_in(folder).value_or(std::vector<std::string>{})) {
    if (name != but) {
      ::unlinkat(folder, name.c_str(), 0);
    }
  }
}

// Removes the folder of a run that was killed, unless a process of that run goes on.
void remove_if_left_over(int parent, const std::string& name) {
  const Descriptor folder{::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  if (!folder || !is_own(folder.number())) {
    return;
  }
  const Descriptor lock{::openat(folder.number(), marker, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
  if (!lock || ::flock(lock.number(), LOCK_EX | LOCK_NB) != 0) {
    return;
  }
  const auto names = names_in(folder.number());
  if (!names || !std::ranges::all_of(*names, is_left_over)) {
    return;
  }
  remove_files(folder.number(), marker);
  ::unlinkat(folder.number(), marker, 0);  // last: while it is there, the next run tries again
  ::unlinkat(parent, name.c_str(), AT_REMOVEDIR);
}

void remove_leftovers(const std::string& parent) {
  const Descriptor folder{::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!folder) {
    return;
  }
  for (const std::string& name : names_in(folder.number()).value_or(std::vector<std::string>{})) {
    if (name.starts_with(name_start)) {
      remove_if_left_over(folder.number(), name);
    }
  }
}

}  // namespace

std::optional<std::vector<std::string>> names_in(int folder) {
  const int descriptor = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* const listing = descriptor < 0 ? nullptr : ::fdopendir(descriptor);
  if (listing == nullptr) {
    if (descriptor >= 0) {
      ::close(descriptor);
    }
    return std::nullopt;
  }
  std::vector<std::string> names;
  bool is_complete = false;
  while (true) {
    errno = 0;
    const dirent* const entry = ::readdir(listing);
    if (entry == nullptr) {
      is_complete = errno == 0;
      break;
    }
    const std::string_view name = &entry->d_name[0];
    if (name != "." && name != "..") {
      names.emplace_back(name);
    }
  }
  const int error = errno;
  ::closedir(listing);
  errno = error;
  return is_complete ? std::optional{std::move(names)} : std::nullopt;
}

std::expected<PrivateDirectory, std::string> PrivateDirectory::create_in(Descriptor parent,
                                                                         const fs::path& path_of_parent) {
  const auto failed = [] { return std::unexpected(std::generic_category().message(errno)); };
  PrivateDirectory directory;
  directory.parent_ = std::move(parent);
  std::optional<std::string> name = new_name();
  while (name && ::mkdirat(directory.parent(), name->c_str(), 0700) != 0) {
    if (errno != EEXIST) {
      return failed();
    }
    name = new_name();
  }
  if (!name) {
    return failed();
  }
  directory.folder_ = Descriptor{
      ::openat(directory.parent(), name->c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  if (!directory.folder_) {
    return failed();
  }
  struct stat status{};
  const bool is_private = ::fstat(directory.descriptor(), &status) == 0 && status.st_uid == ::geteuid() &&
                          (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
  // Else another user has put theirs in its place, or the file system has owners and modes of its own.
  if (!is_private || names_in(directory.descriptor()) != std::vector<std::string>{}) {
    ::unlinkat(directory.parent(), name->c_str(), AT_REMOVEDIR);
    return std::unexpected(
        std::string{"a new folder there gets another owner or mode, so others could change the profile"});
  }
  directory.path_ = path_of_parent / *name;
  return directory;
}

std::expected<PrivateDirectory, std::string> PrivateDirectory::create(const Environment& environment) {
  std::vector<std::string> candidates;
  std::string error = std::generic_category().message(ENOSPC);
  // The program loads the library by a path in this folder if the library's own path does not fit into
  // LD_PRELOAD.
  const auto consider = [&](std::string folder, bool in_memory_only) {
    if (!folder.starts_with('/') || !has_room(folder, in_memory_only)) {
      return;
    }
    if (holds_what_we_create(folder)) {
      candidates.push_back(std::move(folder));
    } else {
      error = "another user could exchange it there";
    }
  };
  consider(environment.get("XDG_RUNTIME_DIR").value_or(""), false);
  consider("/dev/shm", true);
  consider(environment.get("TMPDIR").value_or(""), false);
  consider("/tmp", false);
  for (const std::string& folder : candidates) {
    auto opened = open_folder(folder);
    if (!opened) {
      continue;
    }
    auto directory = create_in(std::move(opened->descriptor), folder);
    if (directory) {
      directory->lock_ = mark(directory->descriptor());
      if (directory->lock_) {
        remove_leftovers(folder);
      }
      return std::move(*directory);
    }
    error = directory.error();
  }
  return std::unexpected(fmt::format(
      "no folder for the profile can be made in XDG_RUNTIME_DIR, /dev/shm, TMPDIR or /tmp: {}", error));
}

void PrivateDirectory::remove() const {
  if (!is_kept_ && parent_ && folder_) {
    remove_files(descriptor());
    ::unlinkat(parent(), path_.filename().c_str(), AT_REMOVEDIR);
  }
}

}  // namespace ar::command

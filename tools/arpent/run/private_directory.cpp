#include "arpent/run/private_directory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

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

// A descriptor that closes itself, with what that releases.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) {
      ::close(number_);
    }
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

// Puts the marker into the folder, locked from the moment at which it is there. Returns its descriptor; -1 if
// that fails: the folder then has no marker.
int mark(const std::string& folder) {
  const std::string unlocked = folder + "/run.new";
  const int descriptor = ::open(unlocked.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return -1;
  }
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0 ||
      ::rename(unlocked.c_str(), fmt::format("{}/{}", folder, marker).c_str()) != 0) {
    ::unlink(unlocked.c_str());
    ::close(descriptor);
    return -1;
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

// The names in the folder; none if it cannot be read to its end.
std::optional<std::vector<std::string>> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry{folder, error}; !error && entry != fs::directory_iterator{};
       entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  return error ? std::nullopt : std::optional{std::move(names)};
}

// Removes the folder of a run that was killed, unless a process of that run goes on.
void remove_if_left_over(const fs::path& path) {
  const Descriptor folder{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  struct stat status{};
  if (folder.number() < 0 || ::fstat(folder.number(), &status) != 0 || status.st_uid != ::geteuid()) {
    return;
  }
  const Descriptor lock{::openat(folder.number(), marker, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
  if (lock.number() < 0 || ::flock(lock.number(), LOCK_EX | LOCK_NB) != 0) {
    return;
  }
  const auto names = names_in(path);
  if (!names || !std::ranges::all_of(*names, is_left_over)) {
    return;
  }
  for (const std::string& name : *names) {
    if (name != marker) {
      ::unlinkat(folder.number(), name.c_str(), 0);
    }
  }
  ::unlinkat(folder.number(), marker, 0);  // last: while it is there, the next run tries again
  ::rmdir(path.c_str());
}

void remove_leftovers(const std::string& parent) {
  for (const std::string& name : names_in(parent).value_or(std::vector<std::string>{})) {
    if (name.starts_with(name_start)) {
      remove_if_left_over(fs::path{parent} / name);
    }
  }
}

}  // namespace

std::expected<PrivateDirectory, std::string> PrivateDirectory::create(const Environment& environment) {
  std::vector<std::string> candidates;
  const auto consider = [&](std::string folder, bool in_memory_only) {
    if (folder.starts_with('/') && has_room(folder, in_memory_only)) {
      candidates.push_back(std::move(folder));
    }
  };
  consider(environment.get("XDG_RUNTIME_DIR").value_or(""), false);
  consider("/dev/shm", true);
  consider(environment.get("TMPDIR").value_or(""), false);
  consider("/tmp", false);
  int error = ENOSPC;
  for (const std::string& folder : candidates) {
    std::string pattern = fmt::format("{}/{}XXXXXX", folder, name_start);
    if (::mkdtemp(pattern.data()) != nullptr) {
      const int lock = mark(pattern);
      if (lock >= 0) {
        remove_leftovers(folder);
      }
      return PrivateDirectory{pattern, lock};
    }
    error = errno;
  }
  return std::unexpected(
      fmt::format("no folder for the profile can be made in XDG_RUNTIME_DIR, /dev/shm, TMPDIR or /tmp: {}",
                  std::generic_category().message(error)));
}

PrivateDirectory::~PrivateDirectory() {
  if (!path_.empty()) {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
    if (lock_ >= 0) {
      ::close(lock_);
    }
  }
}

}  // namespace ar::command

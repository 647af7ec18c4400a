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
#include <chrono>
#include <string_view>
#include <system_error>
#include <vector>

#include "profile/model/text_format.hpp"

namespace ar::command {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view name_start = "arpent-";

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

// The run that uses a folder holds its lock for as long as it lives.
int open_and_lock(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (descriptor >= 0 && ::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    ::close(descriptor);
    return -1;
  }
  return descriptor;
}

// Whether a run can have made this, and no process uses it any more.
bool is_left_over(const fs::path& file) {
  const std::string name = file.filename().string();
  if (name == "libarpent-preload.so") {
    return true;
  }
  int pid = 0;
  const char* const end = name.data() + name.size();
  const auto read = std::from_chars(name.data(), end, pid);
  const bool is_known =
      read.ec == std::errc{} && (name.ends_with(".profile") || name.ends_with(".untracked"));
  return is_known && ::kill(pid, 0) != 0 && errno == ESRCH;
}

// Removes the folder of a run that was killed, unless a process of that run goes on.
void remove_if_left_over(const fs::path& folder) {
  constexpr auto youngest = std::chrono::minutes{1};  // a run needs a moment to lock the folder that it made
  struct stat status{};
  std::error_code error;
  if (::lstat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) || status.st_uid != ::geteuid() ||
      fs::last_write_time(folder, error) > fs::file_time_type::clock::now() - youngest || error) {
    return;
  }
  const Descriptor lock{open_and_lock(folder)};
  if (lock.number() < 0) {
    return;
  }
  const fs::directory_iterator files{folder, error};
  if (!error && std::ranges::all_of(files, [](const auto& file) { return is_left_over(file.path()); })) {
    fs::remove_all(folder, error);
  }
}

void remove_leftovers(const fs::path& parent) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator{parent, error}) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(name_start) && name.size() == name_start.size() + 6) {
      remove_if_left_over(entry.path());
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
      remove_leftovers(folder);
      return PrivateDirectory{pattern, open_and_lock(pattern)};
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
    ::close(lock_);
  }
}

}  // namespace ar::command

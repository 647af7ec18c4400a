#include "arpent/common/live_profile.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string_view>
#include <system_error>
#include <vector>

#include "profile/model/text_format.hpp"
#include "profile/read/input.hpp"
#include "profile/read/region_file.hpp"
#include "track/region/profile_layout.hpp"

namespace ar::command {
namespace {

// The path of a line of /proc/PID/maps that maps a file's start, shared and writable: as a profile is mapped.
std::optional<std::string> shared_file(std::string_view line) {
  // START-END rw-s OFFSET DEVICE INODE PATH
  const std::size_t start = line.find('/');
  if (start == std::string_view::npos || line.find(" rw-s 00000000 ") == std::string_view::npos) {
    return std::nullopt;
  }
  std::string path{line.substr(start)};
  for (std::size_t at = 0; (at = path.find("\\012", at)) != std::string::npos; ++at) {
    path.erase(at, 3);
    path[at] = '\n';
  }
  return path;
}

// The users that the process acts for; none if it has ended.
std::vector<uid_t> users_of(const std::filesystem::path& process) {
  struct stat status{};
  if (::stat(process.c_str(), &status) != 0) {
    return {};
  }
  std::vector<uid_t> users{status.st_uid};  // root's if the process must not be dumped
  std::ifstream lines{process / "status"};
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("Uid:")) {
      std::istringstream numbers{line.substr(std::string_view{"Uid:"}.size())};
      users.insert(users.end(), std::istream_iterator<uid_t>{numbers}, {});
      break;
    }
  }
  return users;
}

// Opens a profile of one of these users, or ours. Others may have put a file of that name in its place.
std::expected<profile::InputFile, std::string> open_profile_of(const std::vector<uid_t>& users,
                                                               const std::filesystem::path& path) {
  auto file = profile::InputFile::open(path, profile::Streams::refused, profile::Links::refused);
  struct stat status{};
  if (file && (::fstat(file->descriptor(), &status) != 0 ||
               (status.st_uid != ::geteuid() && std::ranges::find(users, status.st_uid) == users.end()))) {
    return std::unexpected(std::string{"is another user's"});
  }
  return file;
}

bool is_profile(const std::filesystem::path& path, const std::vector<uid_t>& users) {
  const auto file = open_profile_of(users, path);
  std::uint64_t magic = 0;
  const auto start = file ? file->read_at(0, sizeof magic) : std::unexpected(file.error());
  if (!start || start->size() != sizeof magic) {
    return false;
  }
  std::memcpy(&magic, start->data(), sizeof magic);
  return magic == track::profile_magic;
}

// A process of another user may map what it likes; root reads them all.
std::expected<profile::Profile, std::string> read_region(const profile::InputFile& file) {
  if (file.size() > track::largest_region) {
    return std::unexpected(std::string{"is larger than any that a process writes"});
  }
  return profile::read_profile_file(file, track::largest_region);
}

}  // namespace

std::expected<std::filesystem::path, std::string> find_live_profile(int pid,
                                                                    const std::filesystem::path& proc) {
  const std::filesystem::path folder = proc / std::to_string(pid);
  const std::vector<uid_t> users = users_of(folder);
  if (users.empty()) {
    return std::unexpected(fmt::format("there is no process {}", pid));
  }
  const std::unexpected another{fmt::format("process {} is another user's", pid)};
  if (::geteuid() != 0 && users.front() != ::geteuid()) {
    return another;
  }
  std::ifstream maps{folder / "maps"};
  if (!maps.is_open()) {
    return errno == ENOENT ? std::unexpected(fmt::format("there is no process {}", pid)) : another;
  }
  bool deleted = false;
  for (std::string line; std::getline(maps, line);) {
    auto path = shared_file(line);
    if (!path) {
      continue;
    }
    constexpr std::string_view gone = " (deleted)";
    if (path->ends_with(gone) && std::string_view{*path}.contains(".profile")) {
      deleted = true;
      continue;
    }
    // The process may have another root, in a container.
    for (const std::filesystem::path& candidate :
         {std::filesystem::path{*path}, std::filesystem::path{(folder / "root").string() + *path}}) {
      if (is_profile(candidate, users)) {
        return candidate;
      }
    }
  }
  return std::unexpected(deleted ? fmt::format("the profile of process {} was deleted", pid)
                                 : fmt::format("process {} has no profile: start it with 'arpent run'", pid));
}

std::vector<int> tracked_processes(const std::filesystem::path& proc) {
  std::vector<int> processes;
  std::error_code error;
  for (std::filesystem::directory_iterator entry{proc, error};
       !error && entry != std::filesystem::directory_iterator{}; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    int pid = 0;
    const auto number = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (number.ec == std::errc{} && number.ptr == name.data() + name.size() && find_live_profile(pid, proc)) {
      processes.push_back(pid);
    }
  }
  std::ranges::sort(processes);
  return processes;
}

std::expected<profile::Profile, std::string> read_live_profile(int pid) {
  const auto file = find_live_profile(pid);
  if (!file) {
    return std::unexpected(file.error());
  }
  const auto opened = open_profile_of(users_of(std::filesystem::path{"/proc"} / std::to_string(pid)), *file);
  auto profile = opened ? read_region(*opened) : std::unexpected(opened.error());
  if (!profile) {
    return std::unexpected(
        fmt::format("the profile of process {} {}", pid, profile::printable(profile.error())));
  }
  return profile;
}

}  // namespace ar::command

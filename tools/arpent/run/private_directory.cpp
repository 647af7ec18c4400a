#include "arpent/run/private_directory.hpp"

#include <fmt/format.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/statfs.h>

#include <cerrno>
#include <system_error>
#include <vector>

#include "profile/model/text_format.hpp"

namespace ar::command {
namespace {

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
    std::string pattern = folder + "/arpent-XXXXXX";
    if (::mkdtemp(pattern.data()) != nullptr) {
      return PrivateDirectory{pattern};
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
  }
}

}  // namespace ar::command

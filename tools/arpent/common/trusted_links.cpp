#include "arpent/common/trusted_links.hpp"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <string_view>
#include <system_error>

#include "arpent/common/descriptor.hpp"

namespace ar::command {
namespace {

constexpr int most_links = 40;  // as Linux itself

}  // namespace

bool names_open_file(const std::filesystem::path& path) {
  const std::string_view name{path.native()};
  return name.starts_with("/proc/") || name.starts_with("/dev/fd/") || name.starts_with("/dev/std");
}

std::expected<std::filesystem::path, std::string> follow_trusted_links(const std::filesystem::path& name) {
  std::error_code error;
  std::filesystem::path path = std::filesystem::absolute(name, error);
  for (int links = 0; links <= most_links; ++links) {
    // Owner and target are those of the same link, also if another takes its name meanwhile.
    const Descriptor link{::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)};
    struct stat status{};
    if (names_open_file(path) || !link || ::fstat(link.number(), &status) != 0 || !S_ISLNK(status.st_mode)) {
      return path;
    }
    if (status.st_uid != ::geteuid() && status.st_uid != 0) {
      return std::unexpected(std::string{"is another user's link"});
    }
    std::array<char, PATH_MAX> target{};
    const ssize_t length = ::readlinkat(link.number(), "", target.data(), target.size());
    if (length <= 0) {
      return std::unexpected(std::string{"is a link that cannot be read"});
    }
    path = path.parent_path() / std::string_view{target.data(), static_cast<std::size_t>(length)};
  }
  return std::unexpected(std::string{"leads through too many links"});
}

}  // namespace ar::command

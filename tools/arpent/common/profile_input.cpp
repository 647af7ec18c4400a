#include "arpent/common/profile_input.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>

#include "profile/model/text_format.hpp"
#include "profile/read/profile_file.hpp"

namespace ar::command {

std::expected<profile::Profile, std::string> open_profile(const std::string& file) {
  auto profile = profile::load_profile(file);
  if (!profile) {
    return std::unexpected(
        fmt::format("{} {}", profile::in_quotes(file), profile::printable(profile.error())));
  }
  return profile;
}

std::expected<profile::Suppressions, std::string> open_suppressions(const std::string& file) {
  if (file.empty()) {
    return profile::Suppressions{};
  }
  errno = 0;
  std::ifstream stream{file, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{stream}, {}};
  if (!stream.is_open() || stream.bad() || errno == EISDIR) {
    return std::unexpected(fmt::format("{} cannot be read: {}", profile::in_quotes(file),
                                       std::generic_category().message(errno)));
  }
  auto suppressions = profile::Suppressions::parsed(text);
  if (!suppressions) {
    return std::unexpected(fmt::format("{}: {}", profile::in_quotes(file), suppressions.error()));
  }
  return suppressions;
}

}  // namespace ar::command

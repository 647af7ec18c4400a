#include "arpent/common/profile_input.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>

#include "profile/model/text_format.hpp"
#include "profile/read/profile_file.hpp"

namespace ar::command {
namespace {

constexpr std::size_t most_notes = 5;

}  // namespace

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

std::vector<std::string> symbol_notes(const profile::Symbolizer& symbolizer) {
  std::vector<std::string> notes = symbolizer.problems();
  if (notes.size() > most_notes) {
    const std::size_t more = notes.size() - most_notes;
    notes.resize(most_notes);
    notes.push_back(fmt::format("{} more cannot be named either.", profile::counted(more, "module")));
  }
  return notes;
}

}  // namespace ar::command

#include "arpent/common/profile_input.hpp"

#include <fmt/format.h>

#include <cstdint>

#include "profile/model/text_format.hpp"
#include "profile/read/profile_file.hpp"

namespace ar::command {
namespace {

constexpr std::uint64_t largest_suppressions = std::uint64_t{16} << 20U;

}  // namespace

void add_input_limit_option(CommandLine& line, std::size_t& most) {
  line.option("--max-input", most, "Bytes, or as 1GiB: refuse files that hold more, decompressed")
      .value("SIZE")
      .bytes_with_unit()
      .with_default_in_help("1GiB");
}

CommandLine::Option add_no_command_line_option(CommandLine& line, bool& no_command_line) {
  return line.flag("--no-command-line", no_command_line,
                   "Withhold the program's arguments, which may hold secrets");
}

std::expected<profile::Profile, std::string> open_profile(const std::string& file, std::size_t most) {
  auto profile = profile::load_profile(file, most);
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
  const auto text = profile::read_input(file, profile::Streams::accepted, largest_suppressions);
  if (!text) {
    return std::unexpected(fmt::format("{} {}", profile::in_quotes(file), text.error()));
  }
  auto suppressions = profile::Suppressions::parsed(*text);
  if (!suppressions) {
    return std::unexpected(fmt::format("{}: {}", profile::in_quotes(file), suppressions.error()));
  }
  return suppressions;
}

}  // namespace ar::command

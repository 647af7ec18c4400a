#include "arpent/run/preload.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>
#include <system_error>

#include "profile/model/text_format.hpp"

namespace ar::command {
namespace {

constexpr std::string_view library_name = "libarpent-preload.so";

bool is_readable_file(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error) && ::access(path.c_str(), R_OK) == 0;
}

// LD_PRELOAD is a list with spaces and colons between, and no way to quote them.
bool fits_into_list(const std::string& path) { return path.find_first_of(" :\t\n") == std::string::npos; }

}  // namespace

std::expected<std::filesystem::path, std::string> find_preload_library(const Environment& environment) {
  std::error_code error;
  if (const auto chosen = environment.get("ARPENT_PRELOAD"); chosen && !chosen->empty()) {
    std::filesystem::path path = std::filesystem::absolute(*chosen, error);
    if (error || !is_readable_file(path)) {
      return std::unexpected(
          fmt::format("ARPENT_PRELOAD names '{}', which cannot be read", profile::printable(*chosen)));
    }
    return path;
  }
  const std::filesystem::path command = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) {
    return std::unexpected(fmt::format("/proc/self/exe cannot be read: {}", error.message()));
  }
  const std::filesystem::path folder = command.parent_path();
  static constexpr std::array<std::string_view, 5> places{"../lib", "../lib/" ARPENT_MULTIARCH "/arpent",
                                                          "../lib/" ARPENT_MULTIARCH, "../lib64", "."};
  for (const std::string_view place : places) {
    std::filesystem::path path = (folder / place / library_name).lexically_normal();
    if (is_readable_file(path)) {
      return path;
    }
  }
  return std::unexpected(
      fmt::format("{} is not in {}, where it belongs; set ARPENT_PRELOAD to its path", library_name,
                  profile::printable((folder / places.front()).lexically_normal().string())));
}

void add_tracking(Environment& environment, const Tracking& tracking) {
  environment.set("ARPENT_MODE", tracking.mode);
  environment.set("ARPENT_STACK_DEPTH", std::to_string(tracking.stack_depth));
  environment.set("ARPENT_PROFILE_DIRECTORY", tracking.profile_directory.string());
  if (tracking.profile_file.empty()) {
    environment.unset("ARPENT_PROFILE_FILE");
  } else {
    environment.set("ARPENT_PROFILE_FILE", tracking.profile_file.string());
  }
  if (tracking.follow_children) {
    environment.set("ARPENT_FOLLOW_CHILDREN", "1");
  } else {
    environment.unset("ARPENT_FOLLOW_CHILDREN");
  }
  if (tracking.no_command_line) {
    environment.set("ARPENT_COMMAND_LINE", "0");
  }
  environment.unset("ARPENT_ORIGINAL_LD_PRELOAD");
  if (!tracking.preload) {
    return;
  }
  std::string library = tracking.library.string();
  if (!fits_into_list(library)) {
    const std::filesystem::path link = tracking.profile_directory / library_name;
    std::filesystem::create_symlink(tracking.library, link);
    library = link.string();
  }
  const auto before = environment.get("LD_PRELOAD");
  if (before) {
    environment.set("ARPENT_ORIGINAL_LD_PRELOAD", *before);
  }
  environment.set("LD_PRELOAD",
                  before && !before->empty() ? fmt::format("{}:{}", library, *before) : library);
}

}  // namespace ar::command

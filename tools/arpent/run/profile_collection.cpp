#include "arpent/run/profile_collection.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <iterator>
#include <map>
#include <string_view>
#include <tuple>

#include "arpent/run/private_directory.hpp"
#include "profile/model/call_sites.hpp"
#include "profile/model/text_format.hpp"
#include "profile/read/region_file.hpp"

namespace ar::command {
namespace {

struct ProfileName {
  int pid = 0;
  unsigned number = 0;
};

// "123.0.profile"
std::optional<ProfileName> parsed(std::string_view name) {
  ProfileName result;
  const char* end = name.data() + name.size();
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): it reads up to `end`
  const auto pid = std::from_chars(name.data(), end, result.pid);
  if (pid.ec != std::errc{} || pid.ptr == end || *pid.ptr != '.') {
    return std::nullopt;
  }
  const auto number = std::from_chars(pid.ptr + 1, end, result.number);
  if (number.ec != std::errc{} || std::string_view{number.ptr, end} != ".profile") {
    return std::nullopt;
  }
  return result;
}

// A damaged profile may hold any number.
std::uint32_t added(std::uint32_t sum, std::uint64_t more) {
  constexpr std::uint64_t most = std::uint64_t{1} << 22U;  // the kernel's bound on process numbers
  return static_cast<std::uint32_t>(std::min(most, sum + std::min(most, more)));
}

bool is_alive(int pid) { return ::kill(pid, 0) == 0 || errno == EPERM; }

profile::ImageEnd end_of(const profile::Profile& profile, bool is_last, bool is_program,
                         const profile::Ending& ending) {
  switch (profile.state) {
    case track::RunState::exited:
      return profile::ImageEnd::exited;
    case track::RunState::quick_exit:
      return profile::ImageEnd::quick_exited;
    case track::RunState::running:
      break;
  }
  if (!is_last || profile.in_exec) {
    return profile::ImageEnd::replaced;
  }
  if (is_program) {
    return ending.by_signal ? profile::ImageEnd::killed : profile::ImageEnd::replaced;
  }
  return is_alive(profile.pid) ? profile::ImageEnd::still_running : profile::ImageEnd::killed;
}

}  // namespace

ProfileCollection collect_profiles(int folder, const std::vector<ProfileFile>& files, int pid,
                                   const profile::Ending& ending, const profile::Suppressions& suppressions) {
  ProfileCollection collection;
  profile::Symbolizer symbolizer;
  std::vector<profile::ProcessImage> images;
  for (const ProfileFile& file : files) {
    auto profile = profile::read_profile_file(file.name, folder);
    if (!profile) {
      const std::string whose = file.pid ? fmt::format("The profile of process {}", *file.pid)
                                         : fmt::format("The profile {}", profile::in_quotes(file.name));
      collection.damaged.push_back(fmt::format("{} {}.", whose, profile.error()));
      continue;
    }
    profile->pid = file.pid.value_or(profile->pid);
    profile::suppress_leaks(*profile, suppressions, symbolizer);
    profile::join_stacks(*profile);
    std::ranges::move(profile->notices, std::back_inserter(collection.notices));
    collection.further_notices = added(collection.further_notices, profile->further_notices);
    images.push_back({.number = file.number,
                      .end = profile::ImageEnd::exited,
                      .file = file.name,
                      .profile = std::move(*profile)});
  }
  const auto order = [](const profile::ProcessImage& image) {
    return std::tuple{image.profile.pid, image.number};
  };
  std::ranges::sort(images, {}, order);
  std::ranges::sort(collection.damaged);
  for (std::size_t i = 0; i < images.size(); ++i) {
    const int own = images[i].profile.pid;
    const bool is_last = i + 1 == images.size() || images[i + 1].profile.pid != own;
    images[i].end = end_of(images[i].profile, is_last, own == pid, ending);
    if (own == pid && is_last) {
      collection.main = std::move(images[i]);
    } else {
      collection.others.push_back(std::move(images[i]));
    }
  }
  return collection;
}

ProfileCollection collect_profiles(int folder, int pid, const profile::Ending& ending,
                                   const profile::Suppressions& suppressions) {
  std::vector<ProfileFile> files;
  const auto names = names_in(folder);
  const int error = errno;
  for (const std::string& name : names.value_or(std::vector<std::string>{})) {
    if (const auto parts = parsed(name)) {
      files.push_back({.name = name, .pid = parts->pid, .number = parts->number});
    }
  }
  ProfileCollection collection = collect_profiles(folder, files, pid, ending, suppressions);
  if (!names) {
    collection.damaged.push_back(fmt::format("The profiles cannot be listed: {}.", profile::reason(error)));
  }
  return collection;
}

}  // namespace ar::command

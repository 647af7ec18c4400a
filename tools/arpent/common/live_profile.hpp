// The profiles of processes that are running.
#pragma once

#include <expected>
#include <filesystem>
#include <string>
#include <vector>

#include "profile/model/profile.hpp"

namespace ar::command {

// The file that a running process maps its profile in, as this process can open it. `proc` is the root of the
// proc file system. The error is a sentence without a full stop: there is no such process, it is another
// user's, or it is not tracked.
[[nodiscard]] std::expected<std::filesystem::path, std::string> find_live_profile(
    int pid, const std::filesystem::path& proc = "/proc");

// Those of this user's processes that have such a file, by number.
[[nodiscard]] std::vector<int> tracked_processes(const std::filesystem::path& proc = "/proc");

// Its profile at this moment. The process is neither stopped nor told.
[[nodiscard]] std::expected<profile::Profile, std::string> read_live_profile(int pid);

}  // namespace ar::command

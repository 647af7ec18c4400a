// Reads a profile from the file that a tracked process maps, finished or still being written.
#pragma once

#include <expected>
#include <filesystem>
#include <string>

#include "profile/model/profile.hpp"

namespace ar::profile {

// Reads at most the bytes that the header says are in use, once. The process may still be writing: each
// value is one that was there at some moment of the read. The error is one sentence without a final full
// stop, to be put after the file's name.
[[nodiscard]] std::expected<Profile, std::string> read_profile_file(const std::filesystem::path& path);

}  // namespace ar::profile

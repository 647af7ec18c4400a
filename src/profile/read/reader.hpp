// Reads a profile from the file that a tracked process maps (layout: track/region/profile_layout.hpp).
//
// Every offset and count is checked: a program with wild stores can have written anything. What cannot
// be right gives one sentence that says what is wrong and where, never a crash.
#pragma once

#include <cstddef>
#include <expected>
#include <filesystem>
#include <span>
#include <string>

#include "profile/model/profile.hpp"

namespace ar::profile {

// The error is one sentence without a final full stop, to be put after the file's name.
[[nodiscard]] std::expected<Profile, std::string> read_profile(std::span<const std::byte> image);

// Reads at most the bytes that the header says are in use, once. The process may still be writing: each
// value is one that was there at some moment of the read.
[[nodiscard]] std::expected<Profile, std::string> read_profile_file(const std::filesystem::path& path);

}  // namespace ar::profile

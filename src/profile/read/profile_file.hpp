// A profile from a file, whichever way it was written.
#pragma once

#include <expected>
#include <filesystem>
#include <string>

#include "profile/model/profile.hpp"

namespace ar::profile {

// Reads what a tracked process maps (reader.hpp), and what pprof_profile wrote. The error is one sentence
// without a final full stop, to be put after the file's name.
[[nodiscard]] std::expected<Profile, std::string> load_profile(const std::filesystem::path& path);

// The second of these, from memory.
[[nodiscard]] std::expected<Profile, std::string> read_pprof_profile(std::string_view gzip);

}  // namespace ar::profile

// A profile from a file, whichever way it was written.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>
#include <string_view>

#include "profile/model/profile.hpp"
#include "profile/read/input.hpp"

namespace ar::profile {

// Reads what a tracked process maps (reader.hpp), and what pprof_profile wrote. A file that holds more than
// `most` bytes, decompressed, is refused; memory is bounded by what it holds (memory_budget.hpp). The error
// is one sentence without a final full stop, to be put after the file's name.
[[nodiscard]] std::expected<Profile, std::string> load_profile(const std::filesystem::path& path,
                                                               std::uint64_t most = default_most_input);

// The second of these, from memory.
[[nodiscard]] std::expected<Profile, std::string> read_pprof_profile(std::string_view gzip,
                                                                     std::uint64_t most = default_most_input);

}  // namespace ar::profile

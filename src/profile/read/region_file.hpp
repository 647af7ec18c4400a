// Reads a profile from the file that a tracked process maps, finished or still being written.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>

#include "profile/model/profile.hpp"
#include "profile/read/input.hpp"

namespace ar::profile {

// Reads at most the bytes that the header says are in use, once, of a regular file that is no link. `path`
// counts from the open folder `directory`. The process may still be writing: each value is one that was there
// at some moment of the read. A file of more than `most` bytes, compressed or not, is refused. The error is
// one sentence without a final full stop, to be put after the file's name.
[[nodiscard]] std::expected<Profile, std::string> read_profile_file(const std::filesystem::path& path,
                                                                    int directory = AT_FDCWD,
                                                                    std::uint64_t most = default_most_input);

// The same of a file that is open.
[[nodiscard]] std::expected<Profile, std::string> read_profile_file(const InputFile& file,
                                                                    std::uint64_t most = default_most_input);

}  // namespace ar::profile

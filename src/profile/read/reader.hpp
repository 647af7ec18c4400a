// Reads a profile from the bytes that a tracked process maps (layout: track/region/profile_layout.hpp).
//
// Every offset and count is checked: a program with wild stores can have written anything. What cannot
// be right gives one sentence that says what is wrong and where, never a crash.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>

#include "profile/model/profile.hpp"
#include "profile/read/input.hpp"

namespace ar::profile {

// `most` is what the image may have (memory_budget.hpp). The error is one sentence without a final full stop,
// to be put after the file's name.
[[nodiscard]] std::expected<Profile, std::string> read_profile(std::span<const std::byte> image,
                                                               std::uint64_t most = default_most_input);

}  // namespace ar::profile

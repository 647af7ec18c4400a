// Profiles and suppressions that are named on the command line.
#pragma once

#include <expected>
#include <string>

#include "profile/change/suppressions.hpp"
#include "profile/model/profile.hpp"

namespace ar::command {

// The errors are sentences that name the file, without a full stop.
[[nodiscard]] std::expected<profile::Profile, std::string> open_profile(const std::string& file);

// `file` empty: no suppressions.
[[nodiscard]] std::expected<profile::Suppressions, std::string> open_suppressions(const std::string& file);

}  // namespace ar::command

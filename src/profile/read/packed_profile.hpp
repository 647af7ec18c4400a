// A whole profile as one message of protocol buffers, without loss: what merged profiles and snapshots keep
// beside what pprof reads. docs/merged-profile-format.md lists the fields.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "profile/model/profile.hpp"
#include "profile/read/input.hpp"

namespace ar::profile {

// The field of profile.proto's outermost message that holds the packed profile.
inline constexpr std::uint32_t pprof_own_field = 4190;

[[nodiscard]] std::string packed(const Profile& profile);

// The inverse. Everything is checked; `most` is what the message may have (memory_budget.hpp). The error is
// one clause without a full stop, to be put after "its profile ".
[[nodiscard]] std::expected<Profile, std::string> unpacked(std::string_view message,
                                                           std::uint64_t most = default_most_input);

}  // namespace ar::profile

// Strings of the profile, each kept once.
#pragma once

#include <cstddef>
#include <cstdint>

#include "track/region/profile_layout.hpp"

namespace ar::track {

bool open_strings() noexcept;  // reserves the table; false without memory

// Offset of a copy of the text; 0 when the profile is full. The caller holds the region's lock.
[[nodiscard]] Offset intern_string(const char* string) noexcept;

[[nodiscard]] const char* text(Offset offset) noexcept;  // "" for 0

[[nodiscard]] std::uint64_t hash_bytes(const char* data, std::size_t size, std::uint64_t seed) noexcept;
[[nodiscard]] std::uint64_t hash_string(const char* string, std::uint64_t seed) noexcept;

}  // namespace ar::track

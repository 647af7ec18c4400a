// Memory for the profile: one mapping that only ever grows, anonymous or of a file.
//
// Everything in it is found from its start (profile_layout.hpp), so the mapping is the profile.
#pragma once

#include <cstddef>
#include <cstdint>

#include "track/profile_layout.hpp"

namespace ar::track {

// Start of the mapping, which begins with the Header; null before open_region.
extern constinit char* region_base;

[[nodiscard]] inline Header* header() noexcept { return reinterpret_cast<Header*>(region_base); }

template <typename T>
[[nodiscard]] T* at(Offset offset) noexcept {
  return reinterpret_cast<T*>(region_base + offset);
}
[[nodiscard]] inline Offset offset_of(const void* pointer) noexcept {
  return static_cast<Offset>(static_cast<const char*>(pointer) - region_base);
}

// Maps the region; with `directory` as the file `<pid>.<n>.profile` in it (created exclusively, mode
// 0600, no link followed), else in anonymous memory, also when the file cannot be had. False without memory.
bool open_region(const char* directory) noexcept;

// `size` zeroed bytes at a multiple of 8; null when the bound is met. The caller holds the tracker's lock.
[[nodiscard]] void* allocate_in_region(std::size_t size) noexcept;

// In a forked child: the region becomes a private copy, or a file of the child's own in `directory`.
void separate_region(const char* directory) noexcept;

}  // namespace ar::track

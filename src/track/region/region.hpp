// Memory for the profile: one mapping that only ever grows, anonymous or of a file.
//
// Everything in it is found from its start (profile_layout.hpp), so the mapping is the profile.
#pragma once

#include <cstddef>
#include <cstdint>

#include "platform/lock.hpp"
#include "track/region/profile_layout.hpp"
#include "track/region/untracked.hpp"

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

// notice_records of them.
[[nodiscard]] inline NoticeRecord* notices_of(Header* profile) noexcept {
  return reinterpret_cast<NoticeRecord*>(reinterpret_cast<char*>(profile) + Offset{profile->notices} * 8);
}

// Of the profile that takes this process's notices: its own; if that has no file, the nearest ancestor's that
// has one. Null before open_region.
[[nodiscard]] Header* header_for_notices() noexcept;

// Where the profile's file goes; it is created exclusively, with mode 0600, and neither it nor its folder may
// be a link. Absolute paths, which are copied. The folder is one that only its user can enter. A profile that
// is to stay also gets a name that others see, beside the folder of `file`, as soon as it is there.
struct ProfilePath {
  const char* directory = nullptr;  // as `<pid>.<n>.profile` in it; null: `file` counts
  const char* file = nullptr;       // as this; as `<file>.<pid>`, `<file>.<pid>.<n>` where that is taken
  [[nodiscard]] bool is_nowhere() const noexcept { return directory == nullptr && file == nullptr; }
};

// Maps the region, in anonymous memory where there is no place for a file, also when the file cannot be had.
// False without memory.
bool open_region(const ProfilePath& place) noexcept;

[[nodiscard]] bool region_has_file() noexcept;

// If it has none though there was a place for one.
[[nodiscard]] Untracked why_no_region_file() noexcept;

// Guards the profile's growth: whatever is allocated in the region and linked into it (origins, strings,
// modules, stack nodes, threads, counters).
platform::Lock& region_lock() noexcept;

// What an allocation in the region is for: where no more can be had, what counts still gets the last of it.
enum class RegionUse : std::uint8_t { names, counters };

// `size` zeroed bytes at a multiple of 8; null when the bound is met. The caller holds the region's lock.
[[nodiscard]] void* allocate_in_region(std::size_t size, RegionUse use = RegionUse::names) noexcept;

// Commits as much memory ahead as there is, up to a bound: later it may not be possible any more. The
// caller holds the region's lock.
void commit_ahead() noexcept;

// Before a fork, with the region's lock held: notes how much there is of everything, for separate_region.
void note_region_at_fork() noexcept;

// In a forked child: the region becomes a private copy, or a file of the child's own. As it was at the fork:
// the parent's threads have gone on since, in a file that the child still shares. `leave_notice` gets the
// reason if the file cannot be made.
void separate_region(const ProfilePath& place, void (*leave_notice)(Untracked) noexcept) noexcept;

}  // namespace ar::track

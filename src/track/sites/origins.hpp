// Interning: each distinct allocation site gets one origin, for the life of the process.
//
// The functions that add to the profile need the region's lock (region_lock, region.hpp).
#pragma once

#include <cstdint>

#include "track/region/profile_layout.hpp"
#include "track/region/slot.hpp"

namespace ar::track {

// Reserves the tables. False when there is no memory.
bool open_origins(bool with_stacks) noexcept;

// What is allocated from here on gets origins of its own (a forked child: what it inherited is not its leak).
void begin_own_origins() noexcept;

// An unannotated site: the return address of the call.
[[nodiscard]] OriginIndex intern_address(std::uintptr_t caller, Family family) noexcept;

// An unannotated site in stacks mode: a stack by its innermost node (0: there was no room for it).
[[nodiscard]] OriginIndex intern_stack(NodeIndex stack, Family family) noexcept;

// An annotated one. `caller` counts only where file and line do not tell the place (Zig), else 0. `stack`: 0
// outside of stacks mode. `owner`: the origin of the arena or buffer that the blocks lie in, 0 for blocks of
// the heap; owner_itself: this is one.
inline constexpr OriginIndex owner_itself = ~OriginIndex{0};
[[nodiscard]] OriginIndex intern_annotation(const char* file, int line, const char* description,
                                            std::uintptr_t caller, NodeIndex stack, Family family,
                                            OriginIndex owner) noexcept;

[[nodiscard]] OriginRecord* origin(OriginIndex index) noexcept;  // null when out of range

// True for the origins of blocks that this process itself allocated (not inherited by fork).
[[nodiscard]] bool is_own(OriginIndex index) noexcept;

// Modules that are gone: their addresses may soon mean something else, so their origins are closed.
void close_unloaded_modules() noexcept;

// Where allocations go that are made while recording is switched off; one a family.
[[nodiscard]] constexpr OriginIndex unrecorded_origin(Family family) noexcept {
  return 9 + static_cast<OriginIndex>(family);
}

inline constexpr const char* intentional_leak_mark = "INTENTIONAL_LEAK_FOR_TESTING";
inline constexpr unsigned most_descriptions_a_site = 4096;

}  // namespace ar::track

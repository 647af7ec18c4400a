// Arenas, buffers and other allocators within the program: what lies in them by site, and whose a pointer is
// that was given to the wrong function. What arpent/block_owner.h stands on.
//
// Each owner has a list of its blocks, in the order in which they came: an arena ends many at once, and
// always the latest. The blocks' sites are origins of the family `owned` (profile_layout.hpp); they are
// counted like any other, but are in no total, since the memory that they lie in is.
#pragma once

#include <cstddef>
#include <cstdint>

#include "platform/lock.hpp"
#include "track/annotated_site.hpp"
#include "track/region/slot.hpp"

namespace ar::track {

struct Owner;

enum class OwnerKind : std::uint8_t { other = 0, arena = 1, buffer = 2 };

// Null when nothing is tracked or there is no memory. The functions below may be called by any thread, but
// not by two at once for one owner, and expect an owner that is not null.
[[nodiscard]] Owner* begin_owner(OwnerKind kind, const AnnotatedSite& made) noexcept;
void end_owner(Owner* owner) noexcept;

// Without memory for the list the block is not entered. `site.owner` is filled in here.
void enter_owned(Owner* owner, const void* block, std::size_t size, AnnotatedSite site) noexcept;
// The block's origin; 0 when there is none there. Looks from the latest block back.
OriginIndex leave_owned(Owner* owner, const void* block) noexcept;
// The block lives after all. `origin` is what leave_owned returned.
void return_owned(Owner* owner, const void* block, std::size_t size, OriginIndex origin) noexcept;
void resize_owned(Owner* owner, const void* block, std::size_t size) noexcept;

// What it is and where it was made.
struct OwnerDescription {
  OwnerKind kind;
  OriginIndex made;
};
[[nodiscard]] OwnerDescription description_of(const Owner* owner) noexcept;

// How many entries its list has, and making it shorter.
[[nodiscard]] std::size_t count_owned(const Owner* owner) noexcept;
void cut_owned(Owner* owner, std::size_t count) noexcept;

// A live block of some owner, found by its address.
struct OwnedBlock {
  OwnerDescription owner;
  const char* finder;           // who knows it, when it is none of the owners here; else null
  OriginIndex origin;           // of the block, 0 when a finder knows it
  const char* description;      // a finder's, or null
  std::uintptr_t allocated_by;  // a finder's; return address, 0: not known
};
// For the rare case of a wrong release: looks at all blocks of all owners. False also where the lock is not
// to be had in time, because the calling thread was interrupted while it held it.
[[nodiscard]] bool find_owned(const void* pointer, OwnedBlock& found) noexcept;

// Allocators that know their blocks themselves.
struct FoundBlock {
  const char* description;
  std::uintptr_t allocated_by;
};
using BlockFinder = int (*)(const void* pointer, FoundBlock* found);
void add_block_finder(BlockFinder finder, const char* name) noexcept;
void remove_block_finder(BlockFinder finder) noexcept;

platform::Lock& owners_lock() noexcept;  // for fork

}  // namespace ar::track

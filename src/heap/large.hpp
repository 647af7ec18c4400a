// Blocks on a mapping of their own: more than half a segment, or aligned to more than a segment.
#pragma once

#include <cstddef>

#include "heap/page.hpp"
#include "platform/lock.hpp"

namespace ar::heap {

// A page with one block of at least `size` bytes at a multiple of `alignment`; state `taken`, start,
// block_size and fresh set. Null when there is no memory.
[[nodiscard]] Page* take_mapping(std::size_t size, std::size_t alignment) noexcept;

// Keeps a few mappings for reuse and gives the rest back. Never waits for a lock.
void free_mapping(Page* page) noexcept;

// Grows or shrinks the block to hold `size` bytes, moving it (not copying) where it must. The page, changed
// or another one, or null when there is no memory: then the block is as it was.
[[nodiscard]] Page* resize_mapping(Page* page, std::size_t size, bool may_move) noexcept;

// Unmaps what has been kept for long. To be called now and then; costs next to nothing mostly, never waits
// for a lock.
void look_for_idle_mappings() noexcept;

bool purge_mappings() noexcept;  // unmaps all that is kept

[[nodiscard]] Segment* first_mapping() noexcept;  // all that were ever made; mapped_size 0: gone at present

platform::Lock& mappings_lock() noexcept;  // for fork

}  // namespace ar::heap

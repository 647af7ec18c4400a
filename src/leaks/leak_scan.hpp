// Which live blocks are lost: nothing that the program can still reach points to them.
//
// A block is reachable when an aligned word in a root (leak_roots.hpp) or in a reachable block holds the
// address of any of its bytes; a block of no bytes has its start. One past the end does not count. All other
// blocks are lost, whether nothing points to them or only lost blocks do.
#pragma once

#include "platform/memory_reader.hpp"
#include "platform/page_runs.hpp"

namespace ar::leaks {

// Finds lost blocks: stops the other threads, marks from the roots, fills the leak fields of the origins
// and of the header (profile_layout.hpp), resumes the threads. Allocates nothing from the heap.
void scan_for_leaks() noexcept;

// The same by the given means or, if the system denies them, lesser ones. For tests.
void scan_for_leaks_by(platform::PageSource pages, platform::ReadingWay way) noexcept;

}  // namespace ar::leaks

// The leak scan with its parts open to choice, for tests. Everything else calls scan_for_leaks() of
// track/track.hpp.
//
// A block is reachable when an aligned word in a root (leak_roots.hpp) or in a reachable block holds the
// address of any of its bytes; a block of no bytes has its start. One past the end does not count. All other
// blocks are lost, whether nothing points to them or only lost blocks do.
#pragma once

#include "platform/memory_reader.hpp"
#include "platform/page_runs.hpp"

namespace ar::track {

// As scan_for_leaks(), by the given means or, where the system denies them, lesser ones.
void scan_for_leaks_by(platform::PageSource pages, platform::ReadingWay way) noexcept;

}  // namespace ar::track

// Recording blocks that came with file, line and description, and have a second metadata word (stamp.hpp).
#pragma once

#include <cstddef>
#include <cstdint>

#include "heap/page.hpp"
#include "track/annotated_site.hpp"
#include "track/region/slot.hpp"

namespace ar::track {

void record_annotated(heap::Page* page, void* block, std::size_t size, const AnnotatedSite& site,
                      Family family) noexcept;

// A block that continues an annotated one (realloc): it has the origin and the stamp of the old block, whose
// slot this was.
void record_same_site(heap::Page* page, void* block, std::size_t size, std::uint64_t old_slot,
                      std::uint64_t old_stamp) noexcept;

}  // namespace ar::track

// Counting memory that stands beside the heap's blocks: the users' own (adopted.hpp), and blocks in arenas
// and buffers (owners.hpp). None of it is in the live total.
#pragma once

#include <cstddef>
#include <cstdint>

#include "track/annotated_site.hpp"
#include "track/region/slot.hpp"

namespace ar::track {

// One more at this site. Returns the low half of its slot; 0 without a recorder.
[[nodiscard]] std::uint32_t record_start_at(const AnnotatedSite& site, std::size_t size,
                                            Family family) noexcept;

// One more, or one less, of this origin.
void record_start(OriginIndex origin, std::size_t size) noexcept;
void record_end(OriginIndex origin, std::size_t size) noexcept;
// The calling thread's latest record_end did not happen after all.
void undo_record_end(OriginIndex origin, std::size_t size) noexcept;

}  // namespace ar::track

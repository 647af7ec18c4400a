// Sums over the whole heap. A snapshot: other threads go on meanwhile.
#pragma once

#include <cstddef>

namespace ar::heap {

struct Statistics {
  std::size_t mapped_in_segments;  // bytes of address space
  std::size_t mapped_alone;        // bytes of large blocks with a mapping of their own
  std::size_t mappings;            // how many those are
  std::size_t used;                // bytes of blocks in users' hands, in whole block sizes
  std::size_t free_kept;           // bytes in free spans that have not been given back to the system
};

// Looks at every page: milliseconds on a large heap.
[[nodiscard]] Statistics statistics() noexcept;

}  // namespace ar::heap

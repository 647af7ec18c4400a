#include "heap/statistics.hpp"

#include "heap/large.hpp"
#include "heap/spans.hpp"

namespace ar::heap {

Statistics statistics() noexcept {
  Statistics sums = {};
  const SpanStatistics spans = span_statistics();
  sums.mapped_in_segments = spans.mapped;
  sums.free_kept = spans.free_touched;
  for (const Segment* segment = first_segment(); segment != nullptr; segment = segment->next) {
    for (std::size_t slice = 0; slice < platform::load_relaxed(segment->slice_count);) {
      const Page& page = segment->pages[slice];
      const PageState state = page.state.load(std::memory_order_acquire);
      if (state == PageState::blocks || state == PageState::one_block) {
        sums.used += platform::load_relaxed(page.used) * platform::load_relaxed(page.block_size);
      }
      const std::size_t count = platform::load_relaxed(page.slice_count);
      slice += count == 0 ? 1 : count;
    }
  }
  for (const Segment* segment = first_mapping(); segment != nullptr; segment = segment->next) {
    if (segment->pages[0].state.load(std::memory_order_acquire) == PageState::one_block) {
      ++sums.mappings;
      const std::size_t size = platform::load_relaxed(segment->mapped_size);
      sums.mapped_alone += size;
      sums.used += size;
    }
  }
  return sums;
}

}  // namespace ar::heap

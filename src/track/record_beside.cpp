#include "track/record_beside.hpp"

#include "track/threads/counters.hpp"
#include "track/threads/recorders.hpp"

namespace ar::track {

std::uint32_t record_start_at(const AnnotatedSite& site, std::size_t size, Family family) noexcept {
  std::uint32_t tag = 0;
  with_recorder([&](Recorder& recorder) {
    const SiteCounters found = find_annotated_site(recorder, site, family);
    tag = found.tag;
    if (found.counters != nullptr) {
      count_allocation(*found.counters, size);
    }
  });
  return tag;
}

void record_start(OriginIndex origin, std::size_t size) noexcept {
  with_recorder([&](Recorder& recorder) {
    if (Counters* counters = counters_of(recorder, origin); counters != nullptr) {
      count_allocation(*counters, size);
    }
  });
}

void record_end(OriginIndex origin, std::size_t size) noexcept {
  with_recorder([&](Recorder& recorder) {
    if (Counters* counters = counters_of(recorder, origin); counters != nullptr) {
      count_free(*counters, size);
    }
  });
}

void undo_record_end(OriginIndex origin, std::size_t size) noexcept {
  with_recorder([&](Recorder& recorder) {
    if (Counters* counters = counters_of(recorder, origin); counters != nullptr) {
      add(counters->frees, std::uint64_t{0} - 1);
      add(counters->freed_bytes, std::uint64_t{0} - size);
    }
  });
}

}  // namespace ar::track

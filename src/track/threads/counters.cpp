#include "track/threads/counters.hpp"

#include "platform/lock.hpp"
#include "track/region/region.hpp"
#include "track/sites/origins.hpp"

namespace ar::track {

Counters* counters_of(Recorder& recorder, OriginIndex origin) noexcept {
  if (origin >= max_origins || (!is_own(origin) && header()->first_own_origin != 0)) {
    return nullptr;
  }
  std::uint32_t& entry = recorder.record->chunks[origin / origins_per_chunk];
  if (entry == 0) {
    const platform::LockGuard guard(region_lock());
    void* chunk = allocate_in_region(sizeof(CountersChunk), RegionUse::counters);
    if (chunk == nullptr) {
      return nullptr;
    }
    __atomic_store_n(&entry, static_cast<std::uint32_t>(offset_of(chunk) / 8), __ATOMIC_RELEASE);
  }
  return &at<CountersChunk>(static_cast<Offset>(entry) * 8)->of[origin % origins_per_chunk];
}

Counters totals(OriginIndex index) noexcept {
  Counters sum = {};
  const Header* profile = header();
  if (profile == nullptr || index >= max_origins) {
    return sum;
  }
  for (Offset offset = __atomic_load_n(&profile->threads, __ATOMIC_ACQUIRE); offset != 0;) {
    const auto* record = at<ThreadRecord>(offset);
    offset = record->next;
    const std::uint32_t chunk = __atomic_load_n(&record->chunks[index / origins_per_chunk], __ATOMIC_ACQUIRE);
    if (chunk == 0) {
      continue;
    }
    const Counters& of = at<CountersChunk>(static_cast<Offset>(chunk) * 8)->of[index % origins_per_chunk];
    sum.allocations += __atomic_load_n(&of.allocations, __ATOMIC_RELAXED);
    sum.allocated_bytes += __atomic_load_n(&of.allocated_bytes, __ATOMIC_RELAXED);
    sum.frees += __atomic_load_n(&of.frees, __ATOMIC_RELAXED);
    sum.freed_bytes += __atomic_load_n(&of.freed_bytes, __ATOMIC_RELAXED);
    sum.temporary += __atomic_load_n(&of.temporary, __ATOMIC_RELAXED);
  }
  return sum;
}

}  // namespace ar::track

#include "track/threads/snapshot.hpp"

#include "platform/pages.hpp"
#include "track/region/mode.hpp"
#include "track/region/timeline.hpp"
#include "track/sites/origins.hpp"
#include "track/threads/counters.hpp"

namespace ar::track {

Snapshot* take_snapshot() noexcept {
  const Header* const from = profile();
  if (from == nullptr) {
    return nullptr;
  }
  const OriginIndex count = __atomic_load_n(&from->origin_count, __ATOMIC_ACQUIRE);
  const std::size_t size =
      platform::round_up(sizeof(Snapshot) + count * sizeof(LiveOrigin), platform::page_size);
  auto* const snapshot = static_cast<Snapshot*>(platform::map_pages(size));
  if (snapshot == nullptr) {
    return nullptr;
  }
  snapshot->mapped_size = size;
  snapshot->first_own = from->first_own_origin;
  snapshot->count = count;
  snapshot->milliseconds = milliseconds_since_start();
  for (OriginIndex index = 1; index < count; ++index) {
    const OriginRecord* const of = origin(index);
    if (!is_own(index) || of == nullptr || of->family == Family::owned) {
      continue;  // an owned block lies in memory that is counted where it came from
    }
    const Counters sum = totals(index);
    LiveOrigin& live = snapshot->origins[index];
    live = {static_cast<std::int64_t>(sum.allocations - sum.frees),
            static_cast<std::int64_t>(sum.allocated_bytes - sum.freed_bytes)};
    snapshot->total.blocks += live.blocks;
    snapshot->total.bytes += live.bytes;
  }
  return snapshot;
}

void drop_snapshot(Snapshot* snapshot) noexcept {
  if (snapshot != nullptr) {
    platform::unmap_pages(snapshot, snapshot->mapped_size);
  }
}

std::size_t for_each_grown(const Snapshot& before, const Snapshot& after,
                           void (*visit)(OriginIndex origin, const LiveOrigin& growth, void* context),
                           void* context) noexcept {
  std::size_t count = 0;
  for (OriginIndex index = 1; index < after.count; ++index) {
    const bool was_there = before.first_own == after.first_own && index < before.count;
    const LiveOrigin earlier = was_there ? before.origins[index] : LiveOrigin{};
    const LiveOrigin growth = {after.origins[index].blocks - earlier.blocks,
                               after.origins[index].bytes - earlier.bytes};
    if (growth.blocks > 0 || growth.bytes > 0) {
      ++count;
      visit(index, growth, context);
    }
  }
  return count;
}

}  // namespace ar::track

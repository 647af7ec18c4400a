#include "track/threads/site_counters.hpp"

#include "track/sites/origins.hpp"
#include "track/threads/counters.hpp"

namespace ar::track {

SiteCounters intern_site(Recorder& recorder, std::uintptr_t caller, Family family) noexcept {
  OriginIndex index = 0;
  {
    const platform::LockGuard guard(region_lock());
    index = intern_address(caller, family);
  }
  SiteCacheEntry& entry = cache_entry(recorder, caller);
  entry.counters = counters_of(recorder, index);
  entry.tag = slot_tag(index, family);
  __atomic_store_n(&entry.key, caller | static_cast<std::uint64_t>(family) << 56U, __ATOMIC_RELAXED);
  return {static_cast<std::uint32_t>(entry.tag), entry.counters};
}

SiteCounters intern_stack_site(Recorder& recorder, NodeIndex stack, Family family) noexcept {
  OriginIndex index = 0;
  {
    const platform::LockGuard guard(region_lock());
    index = intern_stack(stack, family);
  }
  return {slot_tag(index, family), counters_of(recorder, index)};
}

SiteCounters unrecorded_site(Recorder& recorder, Family family) noexcept {
  const OriginIndex index = unrecorded_origin(family);
  return {slot_tag(index, family), counters_of(recorder, index)};
}

}  // namespace ar::track

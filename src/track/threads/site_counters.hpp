// Where an allocation is counted: its site's origin, and the calling thread's counters for that.
#pragma once

#include <cstdint>

#include "platform/hash.hpp"
#include "track/region/region.hpp"
#include "track/region/slot.hpp"
#include "track/sites/stack_nodes.hpp"
#include "track/threads/recorder.hpp"

namespace ar::track {

struct SiteCounters {
  std::uint32_t tag;   // low half of a block's slot (slot.hpp)
  Counters* counters;  // null: the profile has no room for them
};

[[gnu::always_inline]] inline SiteCacheEntry& cache_entry(Recorder& recorder,
                                                          std::uintptr_t caller) noexcept {
  return recorder.sites[platform::spread(caller) >> (64U - site_cache_bits)];
}

// A call site's, if the thread's cache has it: one probe. Else false.
[[gnu::always_inline, nodiscard]] inline bool find_cached_site(Recorder& recorder, std::uintptr_t caller,
                                                               Family family, SiteCounters& site) noexcept {
  const SiteCacheEntry& entry = cache_entry(recorder, caller);
  site = {static_cast<std::uint32_t>(entry.tag), entry.counters};
  return __atomic_load_n(&entry.key, __ATOMIC_RELAXED) ==
         (caller | static_cast<std::uint64_t>(family) << 56U);
}

// The same if it is not in the cache, which then has it.
[[nodiscard]] SiteCounters intern_site(Recorder& recorder, std::uintptr_t caller, Family family) noexcept;

// Those of a stack, by its innermost node.
[[nodiscard]] SiteCounters intern_stack_site(Recorder& recorder, NodeIndex stack, Family family) noexcept;
[[gnu::always_inline, nodiscard]] inline SiteCounters site_of_stack(Recorder& recorder, NodeIndex stack,
                                                                    Family family) noexcept {
  const std::uint32_t tag = __atomic_load_n(&node_facts[stack].tag, __ATOMIC_ACQUIRE);
  const std::uint32_t chunk = recorder.record->chunks[slot_origin(tag) / origins_per_chunk];
  if (slot_family(tag) != family || chunk == 0) [[unlikely]] {
    return intern_stack_site(recorder, stack, family);
  }
  return {tag, &at<CountersChunk>(static_cast<Offset>(chunk) * 8)->of[slot_origin(tag) % origins_per_chunk]};
}

// Those of all allocations that are made while recording is switched off.
[[nodiscard]] SiteCounters unrecorded_site(Recorder& recorder, Family family) noexcept;

}  // namespace ar::track

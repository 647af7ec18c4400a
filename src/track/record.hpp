// What tracking adds to an allocation and to a free. The fast paths, on one page:
//
//   allocation   stores the block's slot and adds to two counters; threads/site_counters.hpp has found them
//                by the call site, with one probe
//   free         reads the slot, which says whether the block is live, which origin it has and how large it
//                is; adds to two counters; leaves the address of its own caller in the slot
#pragma once

#include <cstddef>
#include <cstdint>

#include "heap/page.hpp"
#include "platform/assert.hpp"
#include "platform/shared_field.hpp"
#include "track/region/region.hpp"
#include "track/region/slot.hpp"
#include "track/threads/counters.hpp"
#include "track/threads/peak.hpp"
#include "track/threads/recorder.hpp"
#include "track/threads/samples.hpp"
#include "track/threads/site_counters.hpp"

namespace ar::track {

// Records a block of `size` requested bytes, just allocated. False if the balance must be flushed (peak.hpp).
[[gnu::always_inline, nodiscard]] inline bool record_allocation_fast(Recorder& recorder, heap::Page* page,
                                                                     void* block, std::size_t size,
                                                                     SiteCounters site) noexcept {
  const std::size_t index = page->index_of(reinterpret_cast<std::uintptr_t>(block));
  ARPENT_ASSERT(index < page->capacity);
  ARPENT_ASSERT_INTERNAL(!slot_is_live(__atomic_load_n(&page->slots[index], __ATOMIC_RELAXED)));
  __atomic_store_n(&page->slots[index], live_slot(site.tag, size), __ATOMIC_RELAXED);
  if (site.counters != nullptr) [[likely]] {
    count_allocation(*site.counters, size);
  }
  recorder.last_block = block;
  const std::int64_t balance = recorder.balance + static_cast<std::int64_t>(size);
  platform::store_relaxed(recorder.balance, balance);
  return !leaves_window(recorder, balance);
}

// The same in stacks mode, where some blocks are in the sample (samples.hpp).
[[gnu::always_inline, nodiscard]] inline bool record_allocation_sampling(Recorder& recorder, heap::Page* page,
                                                                         void* block, std::size_t size,
                                                                         SiteCounters site) noexcept {
  advance_clock(recorder, size);
  if (site.counters != nullptr) [[likely]] {
    const std::uint64_t before = platform::load_relaxed(site.counters->allocations);
    if (is_in_sample(before)) [[unlikely]] {
      site.tag = begin_sample(recorder, block, size, site.tag, sample_weight(before));
    }
  }
  return record_allocation_fast(recorder, page, block, size, site);
}

// Counts a free by this thread. `counters`: this thread's for the block's origin, or null.
[[gnu::always_inline]] inline void count_block_free(Recorder& recorder, Counters* counters, const void* block,
                                                    std::size_t size) noexcept {
  platform::store_relaxed(recorder.balance, recorder.balance - static_cast<std::int64_t>(size));
  if (counters != nullptr) [[likely]] {
    count_free(*counters, size);
    if (recorder.last_block == block) {
      add(counters->temporary, 1);
      recorder.last_block = nullptr;
    }
  }
}

// Records an ordinary free: of a live block, by a function of its family, with counters at hand and no flush
// due. False, with nothing changed, if it is not one: then record_free says what it is. `page` is what
// heap::page_of returned for the pointer.
[[gnu::always_inline, nodiscard]] inline bool record_free_fast(Recorder& recorder, heap::Page* page,
                                                               const void* block, std::uintptr_t caller,
                                                               std::uint32_t families) noexcept {
  std::size_t index = 0;
  if (!page->index_of_start(reinterpret_cast<std::uintptr_t>(block), index) ||
      index >= platform::load_relaxed(page->block_count) || page->slots == nullptr) [[unlikely]] {
    return false;
  }
  std::uint64_t& slot_in_page = page->slots[index];
  const std::uint64_t slot = __atomic_load_n(&slot_in_page, __ATOMIC_RELAXED);
  const std::size_t size = slot >> 32U;
  if (!slot_is_live(slot) || (slot_family_bit(slot) & families) == 0 || size == slot_size_in_page ||
      leaves_window(recorder, recorder.balance - static_cast<std::int64_t>(size))) [[unlikely]] {
    return false;
  }
  const std::uint32_t chunk = recorder.record->chunks[slot_origin(slot) / origins_per_chunk];
  if (chunk == 0) [[unlikely]] {
    return false;
  }
  __atomic_store_n(&slot_in_page, freed_slot(caller), __ATOMIC_RELAXED);
  count_block_free(
      recorder, &at<CountersChunk>(static_cast<Offset>(chunk) * 8)->of[slot_origin(slot) % origins_per_chunk],
      block, size);
  return true;
}

// The general cases, for threads without a recorder too.

void record_allocation(heap::Page* page, void* block, std::size_t size, std::uintptr_t caller,
                       Family family) noexcept;

// Records a block whose site is known already, in whatever mode, and flushes the balance if that is due.
void record_allocation_at(Recorder& recorder, heap::Page* page, void* block, std::size_t size,
                          SiteCounters site) noexcept;

enum class FreeKind : std::uint8_t {
  ordinary,
  mismatched,   // a live block of a family that this function does not free: recorded as freed
  not_a_block,  // freed already, interior, never allocated: nothing was changed
};
struct RecordedFree {
  FreeKind kind;
  std::uint64_t slot;  // the block's metadata word before, if it was a live block; else 0
};
[[nodiscard]] RecordedFree record_free(heap::Page* page, const void* block, std::uintptr_t caller,
                                       std::uint32_t families) noexcept;
// The same for a block that has been resized already: it was of `size` bytes before, which its page has
// forgotten.
[[nodiscard]] RecordedFree record_free_of_size(heap::Page* page, const void* block, std::size_t size,
                                               std::uintptr_t caller, std::uint32_t families) noexcept;

}  // namespace ar::track

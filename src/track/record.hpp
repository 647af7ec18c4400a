// The fast paths of tracking, on one page: what a malloc and a free cost more than without.
//
//   an allocation   finds its site's origin in the thread's cache (one probe), stores the block's slot, adds
//                   to two counters
//   a release       reads the slot, which says whether the block is live, whose it is and how large; adds to
//                   two counters; leaves its own address in the slot
#pragma once

#include <cstddef>
#include <cstdint>

#include "heap/allocate.hpp"
#include "platform/assert.hpp"
#include "platform/shared_field.hpp"
#include "track/region/region.hpp"
#include "track/sites/stack_nodes.hpp"
#include "track/slot.hpp"
#include "track/threads/peak.hpp"
#include "track/threads/recorder.hpp"
#include "track/threads/recorders.hpp"
#include "track/threads/samples.hpp"

namespace ar::track {

// A counter has one writer, its thread; readers look at any time.
[[gnu::always_inline]] inline void add(std::uint64_t& counter, std::uint64_t amount) noexcept {
  __atomic_store_n(&counter, __atomic_load_n(&counter, __ATOMIC_RELAXED) + amount, __ATOMIC_RELAXED);
}

// A site's origin and this thread's counters for it. The counters may be null: nowhere to count.
struct Place {
  std::uint32_t tag;
  Counters* counters;
};
[[gnu::always_inline]] inline SiteCacheEntry& cache_entry(Recorder& recorder,
                                                          std::uintptr_t caller) noexcept {
  constexpr std::uint64_t spread = 0x9e3779b97f4a7c15ULL;  // 2^64 divided by the golden ratio
  return recorder.sites[(caller * spread) >> (64U - site_cache_bits)];
}

[[nodiscard]] constexpr std::uint64_t live_slot(std::uint32_t tag, std::size_t size) noexcept {
  const std::uint64_t stored = size < slot_size_in_page ? size : slot_size_in_page;
  return stored << 32U | tag;
}

// Enters a block of `size` requested bytes, just allocated. False when a flush of the balance is due.
[[gnu::always_inline, nodiscard]] inline bool enter(Recorder& recorder, heap::Page* page, void* block,
                                                    std::size_t size, Place place) noexcept {
  const std::size_t index = page->index_of(reinterpret_cast<std::uintptr_t>(block));
  ARPENT_ASSERT(index < page->capacity);
  ARPENT_ASSERT_INTERNAL(!slot_is_live(__atomic_load_n(&page->slots[index], __ATOMIC_RELAXED)));
  __atomic_store_n(&page->slots[index], live_slot(place.tag, size), __ATOMIC_RELAXED);
  if (place.counters != nullptr) [[likely]] {
    add(place.counters->allocations, 1);
    add(place.counters->allocated_bytes, size);
  }
  recorder.last_block = block;
  const std::int64_t balance = recorder.balance + static_cast<std::int64_t>(size);
  platform::store_relaxed(recorder.balance, balance);
  return !leaves_window(recorder, balance);
}

// Enters a block in stacks mode: now and then it is one of the sample.
[[gnu::always_inline, nodiscard]] inline bool enter_sampling(Recorder& recorder, heap::Page* page,
                                                             void* block, std::size_t size,
                                                             Place place) noexcept {
  advance_clock(recorder, size);
  if (place.counters != nullptr) [[likely]] {
    const std::uint64_t before = platform::load_relaxed(place.counters->allocations);
    if (is_in_sample(before)) [[unlikely]] {
      place.tag = begin_sample(recorder, block, size, place.tag, sample_weight(before));
    }
  }
  return enter(recorder, page, block, size, place);
}

// What an allocation's origin is told by.
enum class Recording : std::uint8_t {
  sites,    // its call site
  stacks,   // its stack
  nothing,  // switched off for now: only that it was made, and of which family
};
// Set before the first allocation; see recording().
[[gnu::visibility("hidden")]] extern constinit std::uint8_t recording_state;
[[nodiscard, gnu::always_inline]] inline Recording recording() noexcept {
  return static_cast<Recording>(platform::load_relaxed(recording_state));
}

// The place of all that is allocated while recording is switched off.
[[nodiscard]] Place place_of_unrecorded(Recorder& recorder, Family family) noexcept;

// The place of a stack, by its innermost node.
[[nodiscard]] Place intern_stack_place(Recorder& recorder, NodeIndex stack, Family family) noexcept;
[[gnu::always_inline, nodiscard]] inline Place place_of_stack(Recorder& recorder, NodeIndex stack,
                                                              Family family) noexcept {
  const std::uint32_t tag = __atomic_load_n(&node_facts[stack].tag, __ATOMIC_ACQUIRE);
  const std::uint32_t chunk = recorder.record->chunks[slot_origin(tag) / origins_per_chunk];
  if (slot_family(tag) != family || chunk == 0) [[unlikely]] {
    return intern_stack_place(recorder, stack, family);
  }
  return {tag, &at<CountersChunk>(static_cast<Offset>(chunk) * 8)->of[slot_origin(tag) % origins_per_chunk]};
}

// The origin of a call site if the thread's cache has it: one probe. Else false.
[[gnu::always_inline, nodiscard]] inline bool find_cached_place(Recorder& recorder, std::uintptr_t caller,
                                                                Family family, Place& place) noexcept {
  const SiteCacheEntry& entry = cache_entry(recorder, caller);
  place = {static_cast<std::uint32_t>(entry.tag), entry.counters};
  return __atomic_load_n(&entry.key, __ATOMIC_RELAXED) ==
         (caller | static_cast<std::uint64_t>(family) << 56U);
}

constexpr std::uint32_t family_bit(Family family) noexcept { return 1U << static_cast<unsigned>(family); }

// Why a release is not an ordinary one.
enum class Release : std::uint8_t {
  ordinary,
  mismatched,   // a live block of a family that this release does not belong to: noted as released
  not_a_block,  // freed already, interior, never allocated: nothing was changed
};

// Enters the end of a block. `counters`: this thread's for the block's origin, or null.
[[gnu::always_inline]] inline void leave(Recorder& recorder, Counters* counters, const void* block,
                                         std::size_t size) noexcept {
  platform::store_relaxed(recorder.balance, recorder.balance - static_cast<std::int64_t>(size));
  if (counters != nullptr) [[likely]] {
    add(counters->frees, 1);
    add(counters->freed_bytes, size);
    if (recorder.last_block == block) {
      add(counters->temporary, 1);
      recorder.last_block = nullptr;
    }
  }
}

// Notes an ordinary release: of a live block, by a function of its family, with counters at hand and no flush
// due. False, and nothing changed, when it is not one: then record_release tells. `page` is what page_of says
// of the pointer.
[[gnu::always_inline, nodiscard]] inline bool record_ordinary_release(Recorder& recorder, heap::Page* page,
                                                                      const void* block,
                                                                      std::uintptr_t caller,
                                                                      std::uint32_t families) noexcept {
  std::size_t index = 0;
  if (!page->index_of_start(reinterpret_cast<std::uintptr_t>(block), index) ||
      index >= platform::load_relaxed(page->carved) || page->slots == nullptr) [[unlikely]] {
    return false;
  }
  std::uint64_t& place = page->slots[index];
  const std::uint64_t slot = __atomic_load_n(&place, __ATOMIC_RELAXED);
  const std::size_t size = slot >> 32U;
  if (!slot_is_live(slot) || (slot_family_bit(slot) & families) == 0 || size == slot_size_in_page ||
      leaves_window(recorder, recorder.balance - static_cast<std::int64_t>(size))) [[unlikely]] {
    return false;
  }
  const std::uint32_t chunk = recorder.record->chunks[slot_origin(slot) / origins_per_chunk];
  if (chunk == 0) [[unlikely]] {
    return false;
  }
  __atomic_store_n(&place, freed_slot(caller), __ATOMIC_RELAXED);
  leave(recorder,
        &at<CountersChunk>(static_cast<Offset>(chunk) * 8)->of[slot_origin(slot) % origins_per_chunk], block,
        size);
  return true;
}

// What a release found. `slot`: the block's metadata before it, where there was a live block.
struct Released {
  Release kind;
  std::uint64_t slot;
};

// The general cases, for threads without a recorder too.
void record_allocation(heap::Page* page, void* block, std::size_t size, std::uintptr_t caller,
                       Family family) noexcept;
[[nodiscard]] Released record_release(heap::Page* page, const void* block, std::uintptr_t caller,
                                      std::uint32_t families) noexcept;
// The same of a block that has been resized already: it was of `size` bytes before, which its page has
// forgotten.
[[nodiscard]] Released record_release_of_size(heap::Page* page, const void* block, std::size_t size,
                                              std::uintptr_t caller, std::uint32_t families) noexcept;

// An annotated block: site by content, and the second metadata word (sequence and time).
struct AnnotatedSite {
  const char* file;
  const char* description;
  int line;
  std::uintptr_t caller;  // told apart where file and line do not tell the place (Zig); else ignored
  OriginIndex owner = 0;  // of what the block lies in (owners.hpp)
};
void record_annotated(heap::Page* page, void* block, std::size_t size, const AnnotatedSite& site,
                      Family family) noexcept;

// Adopted memory (adopted.hpp): its metadata words, and its end.
struct AdoptedStart {
  std::uint64_t slot;
  std::uint64_t annex;
};
[[nodiscard]] AdoptedStart record_adopted(std::size_t size, const char* description,
                                          std::uintptr_t caller) noexcept;

// Blocks in an arena or a buffer, and these themselves (owners.hpp). Nothing of them is in the live total.
[[nodiscard]] OriginIndex record_owned(std::size_t size, const AnnotatedSite& site) noexcept;
[[nodiscard]] OriginIndex record_owner(const AnnotatedSite& made) noexcept;

// One more, or one less, that does not lie in the heap by itself.
void record_start(OriginIndex origin, std::size_t size) noexcept;
void record_end(OriginIndex origin, std::size_t size) noexcept;
// The calling thread's latest record_end was none.
void take_back_end(OriginIndex origin, std::size_t size) noexcept;

// A block that continues an annotated one (realloc): the origin and annex of the old block, whose slot this
// was.
void record_same_site(heap::Page* page, void* block, std::size_t size, std::uint64_t old_slot,
                      std::uint64_t annex) noexcept;

}  // namespace ar::track

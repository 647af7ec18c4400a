#include "track/record.hpp"

#include <cstring>

#include "heap/metadata.hpp"
#include "platform/clock.hpp"
#include "track/region/strings.hpp"
#include "track/sites/origins.hpp"
#include "track/sites/take_stack.hpp"
#include "track/track.hpp"
#include "track/tracker.hpp"

namespace ar::track {

namespace {

// Annex of annotated blocks: 38 bits of sequence (275 thousand million), 26 of seconds since start (2 years).
constexpr unsigned seconds_bits = 26;
std::uint64_t next_sequence = 1;

// File and line do not tell the place: the caller's address does.
bool needs_caller(const AnnotatedSite& site) noexcept {
  return site.file == nullptr || (site.line == 0 && std::strcmp(site.file, "zig") == 0);
}

bool matches(const AnnotationCacheEntry& entry, const AnnotatedSite& site, std::uintptr_t caller,
             NodeIndex stack) noexcept {
  return entry.stack == stack && entry.owner == site.owner && entry.file == site.file &&
         entry.description == site.description && entry.line == site.line && entry.caller == caller &&
         entry.interned_file != nullptr &&
         (site.file == nullptr || std::strcmp(entry.interned_file, site.file) == 0) &&
         (site.description == nullptr || std::strcmp(entry.interned_description, site.description) == 0);
}

Place find_annotated_place(Recorder& recorder, const AnnotatedSite& site, Family family) noexcept {
  const Recording now = recording();
  if (now == Recording::nothing) {
    return place_of_unrecorded(recorder, family);
  }
  const NodeIndex stack = now == Recording::stacks ? take_stack(recorder, context_here(), site.caller) : 0;
  const std::uintptr_t caller = needs_caller(site) ? site.caller : 0;
  const std::uint64_t hash =
      mix(reinterpret_cast<std::uintptr_t>(site.description) * 31 + caller + stack +
          (std::uintptr_t{site.owner} << 32U) + reinterpret_cast<std::uintptr_t>(site.file) +
          static_cast<unsigned>(site.line));
  AnnotationCacheEntry& entry = recorder.annotations[hash >> (64U - annotation_cache_bits)];
  if (matches(entry, site, caller, stack) && slot_family(entry.tag) == family) {
    return {entry.tag, entry.counters};
  }
  OriginIndex index = 0;
  {
    const platform::LockGuard guard(tracker_lock());
    index =
        intern_annotation(site.file, site.line, site.description == nullptr ? "Unknown" : site.description,
                          caller, stack, family, site.owner);
  }
  const OriginRecord* record = origin(index);
  const bool kept_as_given =
      record != nullptr &&
      std::strcmp(text(record->description), site.description == nullptr ? "Unknown" : site.description) == 0;
  Counters* counters = counters_of(recorder, index);
  const std::uint32_t tag = slot_tag(index, family);
  if (kept_as_given) {
    entry = {site.file,
             site.description,
             text(record->file),
             text(record->description),
             caller,
             counters,
             tag,
             site.line,
             stack,
             site.owner};
  }
  return {tag, counters};
}

Place intern_place(Recorder& recorder, std::uintptr_t caller, Family family) noexcept {
  OriginIndex index = 0;
  {
    const platform::LockGuard guard(tracker_lock());
    index = intern_address(caller, family);
  }
  SiteCacheEntry& entry = cache_entry(recorder, caller);
  entry.counters = counters_of(recorder, index);
  entry.tag = slot_tag(index, family);
  __atomic_store_n(&entry.key, caller | static_cast<std::uint64_t>(family) << 56U, __ATOMIC_RELAXED);
  return {static_cast<std::uint32_t>(entry.tag), entry.counters};
}

void enter_and_flush(Recorder& recorder, heap::Page* page, void* block, std::size_t size,
                     Place place) noexcept {
  const bool is_entered = recording() == Recording::stacks
                              ? enter_sampling(recorder, page, block, size, place)
                              : enter(recorder, page, block, size, place);
  if (!is_entered) {
    flush_balance(recorder, 0);
  }
}

void count_start(Counters* counters, std::size_t size) noexcept {
  if (counters != nullptr) {
    add(counters->allocations, 1);
    add(counters->allocated_bytes, size);
  }
}

std::uint64_t new_stamp() noexcept {
  const std::uint64_t sequence = __atomic_fetch_add(&next_sequence, 1, __ATOMIC_RELAXED);
  const auto since_start = static_cast<std::uint64_t>(platform::wall_clock_seconds() - profile()->start_time);
  const std::uint64_t seconds = since_start & ((std::uint64_t{1} << seconds_bits) - 1);
  return sequence << seconds_bits | seconds;
}

void stamp_block(heap::Page* page, const void* block, std::uint64_t stamp) noexcept {
  if (std::uint64_t* annex = heap::annex_of(page); annex != nullptr) {
    __atomic_store_n(&annex[page->index_of(reinterpret_cast<std::uintptr_t>(block))], stamp,
                     __ATOMIC_RELAXED);
  }
}

// Calls work(recorder) with the thread's recorder, or else with the shared one. False when there is none.
template <typename Work>
bool with_recorder(Work work) noexcept {
  Recorder* own = current_recorder() != nullptr ? current_recorder() : attach_recorder();
  if (own != nullptr) {
    work(*own);
    return true;
  }
  const SharedRecorder shared;
  if (shared.get() != nullptr) {
    work(*shared.get());
  }
  return shared.get() != nullptr;
}

}  // namespace

Place place_of_unrecorded(Recorder& recorder, Family family) noexcept {
  const OriginIndex index = unrecorded_origin(family);
  return {slot_tag(index, family), counters_of(recorder, index)};
}

Place intern_stack_place(Recorder& recorder, NodeIndex stack, Family family) noexcept {
  OriginIndex index = 0;
  {
    const platform::LockGuard guard(tracker_lock());
    index = intern_stack(stack, family);
  }
  return {slot_tag(index, family), counters_of(recorder, index)};
}

void record_allocation(heap::Page* page, void* block, std::size_t size, std::uintptr_t caller,
                       Family family) noexcept {
  if (profile() == nullptr) {
    return;
  }
  with_recorder([&](Recorder& recorder) {
    Place place = {};
    const Recording now = recording();
    if (now == Recording::nothing) {
      place = place_of_unrecorded(recorder, family);
    } else if (now == Recording::stacks) {
      place = place_of_stack(recorder, take_stack(recorder, context_here(), caller), family);
    } else if (!find_cached_place(recorder, caller, family, place)) {
      place = intern_place(recorder, caller, family);
    }
    enter_and_flush(recorder, page, block, size, place);
  });
}

Released record_release(heap::Page* page, const void* block, std::uintptr_t caller,
                        std::uint32_t families) noexcept {
  return record_release_of_size(page, block, page->requested_size, caller, families);
}

Released record_release_of_size(heap::Page* page, const void* block, std::size_t large_size,
                                std::uintptr_t caller, std::uint32_t families) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  const std::size_t index = page->index_of(address);
  if (page->slots == nullptr || index >= platform::load_relaxed(page->carved) ||
      page->start + index * page->block_size != address) {
    return {Release::not_a_block, 0};
  }
  std::uint64_t& slot = page->slots[index];
  const std::uint64_t before = __atomic_load_n(&slot, __ATOMIC_RELAXED);
  if (!slot_is_live(before)) {
    // A block that was allocated before there was memory to track it has no slot either.
    return {before == 0 && profile() == nullptr ? Release::ordinary : Release::not_a_block, 0};
  }
  const std::size_t size = before >> 32U == slot_size_in_page ? large_size : before >> 32U;
  with_recorder([&](Recorder& recorder) {
    if (leaves_window(recorder, recorder.balance - static_cast<std::int64_t>(size))) {
      flush_balance(recorder, static_cast<std::int64_t>(size));
    }
    if (slot_is_sampled(before)) {
      end_sample(recorder, block, before);
    }
    leave(recorder, counters_of(recorder, slot_origin(before)), block, size);
  });
  __atomic_store_n(&slot, freed_slot(caller), __ATOMIC_RELAXED);
  return {(family_bit(slot_family(before)) & families) != 0 ? Release::ordinary : Release::mismatched,
          before};
}

void record_annotated(heap::Page* page, void* block, std::size_t size, const AnnotatedSite& site,
                      Family family) noexcept {
  if (profile() == nullptr) {
    return;
  }
  with_recorder([&](Recorder& recorder) {
    enter_and_flush(recorder, page, block, size, find_annotated_place(recorder, site, family));
  });
  stamp_block(page, block, new_stamp());
}

void record_same_site(heap::Page* page, void* block, std::size_t size, std::uint64_t old_slot,
                      std::uint64_t annex) noexcept {
  with_recorder([&](Recorder& recorder) {
    enter_and_flush(recorder, page, block, size,
                    {static_cast<std::uint32_t>(old_slot) & ~slot_sampled_bit,
                     counters_of(recorder, slot_origin(old_slot))});
  });
  stamp_block(page, block, annex);
}

AdoptedStart record_adopted(std::size_t size, const char* description, std::uintptr_t caller) noexcept {
  AdoptedStart made = {0, new_stamp()};
  const AnnotatedSite site = {nullptr, description, 0, caller};
  with_recorder([&](Recorder& recorder) {
    const Place place = find_annotated_place(recorder, site, Family::adopted);
    made.slot = live_slot(place.tag, size);
    count_start(place.counters, size);
  });
  return made;
}

OriginIndex record_owned(std::size_t size, const AnnotatedSite& site) noexcept {
  OriginIndex origin = 0;
  with_recorder([&](Recorder& recorder) {
    const Place place = find_annotated_place(recorder, site, Family::owned);
    origin = slot_origin(place.tag);
    count_start(place.counters, size);
  });
  return origin;
}

OriginIndex record_owner(const AnnotatedSite& made) noexcept {
  OriginIndex origin = 0;
  {
    const platform::LockGuard guard(tracker_lock());
    origin =
        intern_annotation(made.file, made.line, made.description == nullptr ? "Unknown" : made.description,
                          needs_caller(made) ? made.caller : 0, 0, Family::owned, owner_itself);
  }
  record_start(origin, 0);
  return origin;
}

void record_start(OriginIndex origin, std::size_t size) noexcept {
  with_recorder([&](Recorder& recorder) { count_start(counters_of(recorder, origin), size); });
}

void record_end(OriginIndex origin, std::size_t size) noexcept {
  with_recorder([&](Recorder& recorder) {
    if (Counters* counters = counters_of(recorder, origin); counters != nullptr) {
      add(counters->frees, 1);
      add(counters->freed_bytes, size);
    }
  });
}

void take_back_end(OriginIndex origin, std::size_t size) noexcept {
  with_recorder([&](Recorder& recorder) {
    if (Counters* counters = counters_of(recorder, origin); counters != nullptr) {
      add(counters->frees, std::uint64_t{0} - 1);
      add(counters->freed_bytes, std::uint64_t{0} - size);
    }
  });
}

Stamp stamp(std::uint64_t annex) noexcept {
  const std::uint64_t seconds = annex & ((std::uint64_t{1} << seconds_bits) - 1);
  const Header* from = profile();
  return {annex >> seconds_bits,
          (from == nullptr ? 0 : from->start_time) + static_cast<std::int64_t>(seconds)};
}

}  // namespace ar::track

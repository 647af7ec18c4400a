#include "track/record.hpp"

#include "track/region/mode.hpp"
#include "track/sites/take_stack.hpp"
#include "track/threads/recorders.hpp"
#include "unwind/unwind.hpp"

namespace ar::track {

void record_allocation_at(Recorder& recorder, heap::Page* page, void* block, std::size_t size,
                          SiteCounters site) noexcept {
  const bool is_recorded = recording() == Recording::stacks
                               ? record_allocation_sampling(recorder, page, block, size, site)
                               : record_allocation_fast(recorder, page, block, size, site);
  if (!is_recorded) {
    flush_balance(recorder, 0);
  }
}

void record_allocation(heap::Page* page, void* block, std::size_t size, std::uintptr_t caller,
                       Family family) noexcept {
  if (profile() == nullptr) {
    return;
  }
  with_recorder([&](Recorder& recorder) {
    SiteCounters site = {};
    const Recording now = recording();
    if (now == Recording::nothing) {
      site = unrecorded_site(recorder, family);
    } else if (now == Recording::stacks) {
      site =
          site_of_stack(recorder, take_stack(recorder.stack_memory, unwind::context_here(), caller), family);
    } else if (!find_cached_site(recorder, caller, family, site)) {
      site = intern_site(recorder, caller, family);
    }
    record_allocation_at(recorder, page, block, size, site);
  });
}

RecordedFree record_free(heap::Page* page, const void* block, std::uintptr_t caller,
                         std::uint32_t families) noexcept {
  return record_free_of_size(page, block, page->requested_size, caller, families);
}

RecordedFree record_free_of_size(heap::Page* page, const void* block, std::size_t large_size,
                                 std::uintptr_t caller, std::uint32_t families) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  const std::size_t index = page->index_of(address);
  if (page->slots == nullptr || index >= platform::load_relaxed(page->block_count) ||
      page->start + index * page->block_size != address) {
    return {FreeKind::not_a_block, 0};
  }
  std::uint64_t& slot = page->slots[index];
  const std::uint64_t before = __atomic_load_n(&slot, __ATOMIC_RELAXED);
  if (!slot_is_live(before)) {
    // A block that was allocated before there was memory to track it has no slot either.
    return {before == 0 && profile() == nullptr ? FreeKind::ordinary : FreeKind::not_a_block, 0};
  }
  const std::size_t size = before >> 32U == slot_size_in_page ? large_size : before >> 32U;
  with_recorder([&](Recorder& recorder) {
    if (leaves_window(recorder, recorder.balance - static_cast<std::int64_t>(size))) {
      flush_balance(recorder, static_cast<std::int64_t>(size));
    }
    if (slot_is_sampled(before)) {
      end_sample(recorder, block, before);
    }
    count_block_free(recorder, counters_of(recorder, slot_origin(before)), block, size);
  });
  __atomic_store_n(&slot, freed_slot(caller), __ATOMIC_RELAXED);
  return {(family_bit(slot_family(before)) & families) != 0 ? FreeKind::ordinary : FreeKind::mismatched,
          before};
}

}  // namespace ar::track

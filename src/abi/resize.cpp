#include "abi/resize.hpp"

#include <cstring>

#include "abi/allocate.hpp"
#include "abi/copies.hpp"
#include "abi/foreign.hpp"
#include "abi/free.hpp"
#include "abi/misuse.hpp"
#include "heap/look_up.hpp"
#include "heap/process_pages.hpp"
#include "heap/resize.hpp"
#include "track/record_annotated.hpp"
#include "track/threads/recorders.hpp"

namespace ar::abi {

namespace {

// Who the block belongs to after the change. `annotated` null: the caller of realloc, unless the block had
// an annotation before.
struct NewSite {
  const track::AnnotatedSite* annotated;
  std::uintptr_t caller;
};

void record_new(const heap::Allocated& made, std::size_t size, const NewSite& site, std::uint64_t old_slot,
                std::uint64_t old_stamp) noexcept {
  if (!heap::keep_slots) {
    return;
  }
  if (site.annotated != nullptr) {
    track::record_annotated(made.page, made.block, size, *site.annotated, track::Family::ar_heap);
  } else if (track::slot_family(old_slot) == track::Family::ar_heap) {
    track::record_same_site(made.page, made.block, size, old_slot, old_stamp);
  } else {
    record(made, size, site.caller, track::Family::malloc_family);
  }
}

// Whether a block of this page may hold `size` bytes without wasting more than half of itself.
bool fits_in_place(const heap::Page* page, std::size_t size) noexcept {
  return page->state.load(std::memory_order_relaxed) == heap::PageState::blocks && size <= page->block_size &&
         size >= page->block_size / 2;
}

// The block's metadata before the change; false when the pointer is not one that may be resized (said so).
bool look_before(void* pointer, std::uintptr_t caller, heap::BlockInfo& before) noexcept {
  before = heap::find(pointer);
  if (!heap::keep_slots || before.kind == heap::AddressKind::live) {
    return true;
  }
  report_not_a_block(pointer, caller);
  return false;
}

// Notes the release of the old block of `size` bytes, which stays where it is in the heap.
void record_end(heap::Page* page, void* block, std::size_t size, std::uintptr_t caller) noexcept {
  if (!heap::keep_slots) {
    return;
  }
  track::Recorder* recorder = track::current_recorder();
  if (recorder != nullptr) {
    recorder->last_block = nullptr;  // a block that is resized is not a temporary one
  }
  const track::RecordedFree released = track::record_free_of_size(page, block, size, caller, freed_by_free);
  if (released.kind != track::FreeKind::ordinary) {
    (void)may_free(released, block, caller, freed_by_free);
  }
}

// Without copying: where it is, or (`may_move`) by moving the mapping. Null when that cannot be.
void* change_in_page(void* pointer, heap::Page* page, std::size_t size, bool may_move, const NewSite& site,
                     const heap::BlockInfo& before) noexcept {
  void* const changed = fits_in_place(page, size) ? pointer : heap::resize_one_block(page, size, may_move);
  if (changed != nullptr) {
    if (heap::HeapWatch* watch = heap::thread_state.watch; watch != nullptr) {
      ++watch->allocations;
    }
    record_end(page, changed, before.requested_size, site.caller);
    record_new({changed, page}, size, site, before.slot, before.second_word);
  }
  return changed;
}

void* change(void* pointer, std::size_t size, const NewSite& site) noexcept {
  notify_heap_watch(site.caller);
  heap::Page* page = heap::page_of(pointer);
  if (page == nullptr) {
    return resize_foreign(pointer, size, site.annotated, site.caller);
  }
  heap::BlockInfo before;
  if (!look_before(pointer, site.caller, before)) {
    return nullptr;
  }
  void* in_place = change_in_page(pointer, page, size, true, site, before);
  if (in_place != nullptr) {
    return in_place;
  }
  const heap::Allocated made = heap::allocate(size);
  if (made.block == nullptr) {
    return nullptr;
  }
  const std::size_t kept = heap::usable_size(page);
  std::memcpy(made.block, pointer, kept < size ? kept : size);
  record_end(page, pointer, before.requested_size, site.caller);
  heap::free(page, pointer);
  record_new(made, size, site, before.slot, before.second_word);
  return made.block;
}

}  // namespace

void* resize(void* pointer, std::size_t size, std::uintptr_t caller) noexcept {
  return change(pointer, size, {nullptr, caller});
}

void* resize_annotated(void* pointer, std::size_t size, const track::AnnotatedSite& site,
                       std::uintptr_t caller) noexcept {
  return change(pointer, size, {&site, caller});
}

bool resize_in_place(void* pointer, std::size_t size, std::uintptr_t caller) noexcept {
  if (pointer == nullptr || size == 0) {
    return false;
  }
  heap::Page* page = heap::page_of(pointer);
  if (page == nullptr) {
    const Calls* const other = other_copy();
    return other != nullptr && other->resize_in_place(pointer, size, caller);
  }
  heap::BlockInfo before;
  return look_before(pointer, caller, before) &&
         change_in_page(pointer, page, size, false, {nullptr, caller}, before) != nullptr;
}

}  // namespace ar::abi

#include "abi/free.hpp"

#include "abi/misuse.hpp"
#include "track/threads/recorders.hpp"

namespace ar::abi {

bool may_free(track::RecordedFree released, const void* pointer, std::uintptr_t caller,
              std::uint32_t families) noexcept {
  if (released.kind == track::FreeKind::not_a_block) {
    report_not_a_block(pointer, caller);
    return false;
  }
  report_mismatch(pointer, released.slot, caller, families);
  return true;
}

namespace {

[[gnu::noinline]] void free_tracked_slow(void* pointer, std::uintptr_t caller,
                                         std::uint32_t families) noexcept {
  heap::Page* page = heap::page_of(pointer);
  if (page == nullptr) {
    free_foreign(pointer, caller, families);
    return;
  }
  const track::RecordedFree released = track::record_free(page, pointer, caller, families);
  if (released.kind == track::FreeKind::ordinary || may_free(released, pointer, caller, families)) {
    heap::free(page, pointer);
  }
}

}  // namespace

template <std::uint32_t families>
void free_tracked(void* pointer, std::uintptr_t caller) noexcept {
  heap::Page* page = heap::page_of(pointer);
  track::Recorder* recorder = track::current_recorder();
  if (page == nullptr || recorder == nullptr ||
      !track::record_free_fast(*recorder, page, pointer, caller, families)) [[unlikely]] {
    free_tracked_slow(pointer, caller, families);
    return;
  }
  heap::free(page, pointer);
}

template void free_tracked<freed_by_free>(void*, std::uintptr_t) noexcept;
template void free_tracked<freed_by_delete>(void*, std::uintptr_t) noexcept;
template void free_tracked<freed_by_delete_array>(void*, std::uintptr_t) noexcept;

}  // namespace ar::abi

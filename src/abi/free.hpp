// From any entry point that frees to the page of the block: heap and tracking together.
//
//   free_block      no tracking: heap::free
//   free_tracked    the block's slot says whether it is live and of the right family; if it is not, the slow
//                   path reports what is wrong
#pragma once

#include <cstdint>

#include "abi/caller.hpp"
#include "abi/families.hpp"
#include "abi/foreign.hpp"
#include "heap/allocate.hpp"
#include "heap/process_pages.hpp"
#include "track/record.hpp"

namespace ar::abi {

// Reports what is wrong with a free that is not an ordinary one. True if the block may be freed.
[[nodiscard, gnu::cold]] bool may_free(track::RecordedFree released, const void* pointer,
                                       std::uintptr_t caller, std::uint32_t families) noexcept;

template <std::uint32_t families>
void free_tracked(void* pointer, std::uintptr_t caller) noexcept;

// pointer: not null
template <std::uint32_t families>
[[gnu::always_inline]] inline void free_block(void* pointer, std::uintptr_t caller) noexcept {
  if (heap::keep_slots) {
    free_tracked<families>(pointer, caller);
    return;
  }
  heap::Page* page = heap::page_of(pointer);
  if (page != nullptr) [[likely]] {
    heap::free(page, pointer);
  } else {
    free_foreign(pointer, caller, families);
  }
}

}  // namespace ar::abi

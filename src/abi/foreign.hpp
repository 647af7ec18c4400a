// Pointers that are not this heap's: from another copy of this library, from the C library's own heap, or
// from nowhere.
#pragma once

#include <cstddef>
#include <cstdint>

#include "track/annotated_site.hpp"

namespace ar::abi {

// free and realloc of such a pointer: its owner does it, and a pointer of no owner is reported. `annotated`
// is the new block's site, null: the caller.
void free_foreign(void* pointer, std::uintptr_t caller, std::uint32_t families) noexcept;
[[nodiscard]] void* resize_foreign(void* pointer, std::size_t size, const track::AnnotatedSite* annotated,
                                   std::uintptr_t caller) noexcept;
// 0 for a pointer of no owner, null included.
[[nodiscard]] std::size_t usable_size_of_foreign(void* pointer) noexcept;

}  // namespace ar::abi

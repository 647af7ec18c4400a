// Pointers that are not this heap's: another copy's of this library, another allocator's, or invalid.
#pragma once

#include <cstddef>
#include <cstdint>

#include "track/annotated_site.hpp"

namespace ar::abi {

// free and realloc of such a pointer: its owner frees or resizes it, and a pointer without an owner is
// reported. `annotated` is the new block's site; null means the caller.
void free_foreign(void* pointer, std::uintptr_t caller, std::uint32_t families) noexcept;
[[nodiscard]] void* resize_foreign(void* pointer, std::size_t size, const track::AnnotatedSite* annotated,
                                   std::uintptr_t caller) noexcept;
// 0 for a pointer without an owner, and for null.
[[nodiscard]] std::size_t usable_size_of_foreign(void* pointer) noexcept;

// Whether the C library's names may be made to lead to this library: if Arpent serves the process. Remembers
// the C library's own functions.
[[nodiscard]] bool may_redirect() noexcept;

}  // namespace ar::abi

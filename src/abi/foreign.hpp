// Pointers that are not this heap's: another copy's of this library, another allocator's, or invalid.
#pragma once

#include <cstddef>
#include <cstdint>

#include "track/annotated_site.hpp"

namespace ar::abi {

// Another allocator's functions.
struct Owner {
  void (*free)(void*);
  void* (*realloc)(void*, std::size_t);
  std::size_t (*usable_size)(void*);
  std::uintptr_t alignment;  // of every block
};

// free and realloc of such a pointer: its owner frees or resizes it, and a pointer without an owner is
// reported. `annotated` is the new block's site; null means the caller. `from` is the owner of blocks that
// are another allocator's; null means the one that is known for the process.
void free_foreign(void* pointer, std::uintptr_t caller, std::uint32_t families,
                  const Owner* from = nullptr) noexcept;
[[nodiscard]] void* resize_foreign(void* pointer, std::size_t size, const track::AnnotatedSite* annotated,
                                   std::uintptr_t caller, const Owner* from = nullptr) noexcept;
// 0 for a pointer without an owner, and for null.
[[nodiscard]] std::size_t usable_size_of_foreign(void* pointer, const Owner* from = nullptr) noexcept;

// Whether the C library's names may be made to lead to this library: if Arpent serves the process. Remembers
// the C library's own functions.
[[nodiscard]] bool may_redirect() noexcept;

}  // namespace ar::abi

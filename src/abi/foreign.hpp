// Pointers that are not this heap's: from the C library's own heap, or from nowhere.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ar::abi {

// free and realloc of such a pointer: its owner does it, and a pointer of no owner is reported.
void free_foreign(void* pointer, std::uintptr_t caller) noexcept;
[[nodiscard]] void* resize_foreign(void* pointer, std::size_t size, std::uintptr_t caller) noexcept;
// 0 for a pointer of no owner, null included.
[[nodiscard]] std::size_t usable_size_of_foreign(void* pointer) noexcept;

}  // namespace ar::abi

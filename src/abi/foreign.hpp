// Pointers that are not this heap's: from the C library's own heap, or from nowhere.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ar::abi {

// realloc of such a pointer: goes to whoever owns it.
[[nodiscard]] void* resize_foreign(void* pointer, std::size_t size, std::uintptr_t caller) noexcept;

}  // namespace ar::abi

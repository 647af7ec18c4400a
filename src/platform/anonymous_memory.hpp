// Whether an address lies in anonymous memory that is no stack: where heaps lie.
#pragma once

#include <cstdint>

namespace ar::platform {

// Reads the list of mappings; false if that cannot be read. Allocates nothing.
[[nodiscard]] bool is_anonymous_memory(std::uintptr_t address) noexcept;

}  // namespace ar::platform

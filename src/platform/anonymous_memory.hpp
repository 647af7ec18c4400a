// Whether an address lies in anonymous memory that is no stack: where heaps lie.
#pragma once

#include <cstdint>

namespace ar::platform {

// Reads /proc/self/maps; false when that cannot be read. Allocates nothing.
[[nodiscard]] bool is_anonymous_memory(std::uintptr_t address) noexcept;

}  // namespace ar::platform

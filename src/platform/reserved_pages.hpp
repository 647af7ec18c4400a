// Tables of which most is never touched, and which stay for ever.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ar::platform {

// As map_pages. Remembered: a program that locks its memory does not mean these.
[[nodiscard]] void* reserve_pages(std::size_t size) noexcept;

// The first range of such memory that ends after `address`; false when there is none. Takes no lock.
[[nodiscard]] bool reserved_range_after(std::uintptr_t address, std::uintptr_t& start,
                                        std::uintptr_t& end) noexcept;

}  // namespace ar::platform

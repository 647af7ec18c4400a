// Memory for the heap's own descriptions: segments, thread heaps, slots. It never lies between users'
// blocks and is never unmapped, so that a look-up without locks never faults.
#pragma once

#include <cstddef>
#include <cstdint>

#include "platform/lock.hpp"

namespace ar::heap {

// `size` bytes, zeroed only when fresh from the system, at a multiple of 64. Null when there is no memory.
[[nodiscard]] void* allocate_metadata(std::size_t size) noexcept;

// For reuse by requests of the same size rounded up to 64, or of smaller ones where memory is short.
void free_metadata(void* start, std::size_t size) noexcept;

// The first range of metadata that ends after `address`; false when there is none. Lock-free.
[[nodiscard]] bool metadata_range_after(std::uintptr_t address, std::uintptr_t& start,
                                        std::uintptr_t& end) noexcept;

[[nodiscard]] std::size_t metadata_mapped() noexcept;  // bytes

platform::Lock& metadata_lock() noexcept;  // for fork

}  // namespace ar::heap

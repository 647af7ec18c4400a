// Memory from the system, in whole pages.
//
// Sizes and alignments are bytes. Nothing here takes a lock or touches errno.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ar::platform {

inline constexpr std::size_t page_size =
    4096;  // the smallest that Linux has; nothing checks for a larger one

[[nodiscard]] constexpr std::size_t round_up(std::size_t value, std::size_t power_of_two) noexcept {
  return (value + power_of_two - 1) & ~(power_of_two - 1);
}
[[nodiscard]] constexpr std::uintptr_t round_down(std::uintptr_t value, std::size_t power_of_two) noexcept {
  return value & ~(static_cast<std::uintptr_t>(power_of_two) - 1);
}

// Readable, writable, zeroed, private memory that is not accounted until it is touched. Null when there is
// none. Also not locked, and so not in memory until it is touched, if the program locks all that is mapped
// (mlockall).
[[nodiscard]] void* map_pages(std::size_t size) noexcept;

// The same at an address that is a multiple of `alignment` (a power of two, at least page_size). Also
// succeeds where the address space is limited to little more than `size`.
[[nodiscard]] void* map_aligned(std::size_t size, std::size_t alignment) noexcept;

// What the process may map in all (ulimit -v); SIZE_MAX when it is not limited.
[[nodiscard]] std::size_t address_space_limit() noexcept;

// Whether the program locks all that it maps from now on, and so what is given to it has to be locked, too:
// brought into memory at once, or page by page when it is touched.
enum class PageLocks : std::uint8_t { none, at_once, on_touch };
void set_page_locks(PageLocks locks) noexcept;
[[nodiscard]] PageLocks page_locks() noexcept;

// Locks these pages as the program's own. False when the process may not lock so much.
[[nodiscard]] bool lock_like_programs(void* start, std::size_t size) noexcept;

void unmap_pages(void* start, std::size_t size) noexcept;

// Gives the memory back to the system; the pages read as zero afterwards. False when the system refused
// (locked memory): then the content is unchanged.
[[nodiscard]] bool purge_pages(void* start, std::size_t size) noexcept;

// Any access faults from now on, and the memory goes back to the system; the addresses stay taken.
void forbid_pages(void* start, std::size_t size) noexcept;

// Grows or shrinks a mapping where it is. False when that cannot be.
[[nodiscard]] bool resize_pages_in_place(void* start, std::size_t old_size, std::size_t new_size) noexcept;

// Moves a mapping, content and all, over another one of new_size bytes (which it replaces). Costs no copy.
[[nodiscard]] bool move_pages(void* start, std::size_t old_size, void* target, std::size_t new_size) noexcept;

}  // namespace ar::platform

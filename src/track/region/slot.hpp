// The metadata word that the heap keeps for every block, as the tracker fills it.
//
//   live block:   bits 63..32 requested size (0xffffffff: see the page header, 4 GiB and more)
//                 bits 31..5  origin index (27 bits)
//                 bit  4      1: in the sample of blocks whose lifetimes are told (samples.hpp)
//                 bits 3..1   family
//                 bit  0      1
//   freed block:  bits 63..1  return address of the call that freed it
//                 bit  0      0
//   never used:   0
#pragma once

#include <cstddef>
#include <cstdint>

namespace ar::track {

using OriginIndex = std::uint32_t;  // 0 means none; at most profile::max_origins

// Which mechanism a block came from. A block must be released by a compatible one.
enum class Family : std::uint8_t {
  none = 0,
  malloc_family = 1,  // malloc, calloc, realloc, strdup …: released by free
  new_object = 2,     // operator new: released by operator delete
  new_array = 3,      // operator new[]: released by operator delete[]
  ar_heap = 4,        // ar_heap__malloc …, released by ar_heap__free or free
  adopted = 5,        // ar_heap__adopt: released by ar_heap__disown
  owned = 6,          // what lies in an arena or a buffer (owners.hpp): released by that
};

enum class Language : std::uint8_t { unknown = 0, c = 1, cpp = 2, zig = 3 };

inline constexpr std::uint64_t slot_live_bit = 1;
inline constexpr std::uint32_t slot_sampled_bit = 1U << 4U;
inline constexpr std::uint32_t slot_size_in_page = 0xffffffffU;

[[nodiscard]] constexpr std::uint32_t slot_tag(OriginIndex origin, Family family) noexcept {
  return (origin << 5U) | (static_cast<std::uint32_t>(family) << 1U) | 1U;
}
[[nodiscard]] constexpr std::uint64_t live_slot(std::uint32_t tag, std::size_t size) noexcept {
  const std::uint64_t stored = size < slot_size_in_page ? size : slot_size_in_page;
  return stored << 32U | tag;
}
[[nodiscard]] constexpr bool slot_is_live(std::uint64_t slot) noexcept { return (slot & slot_live_bit) != 0; }
[[nodiscard]] constexpr OriginIndex slot_origin(std::uint64_t slot) noexcept {
  return static_cast<std::uint32_t>(slot) >> 5U;
}
[[nodiscard]] constexpr Family slot_family(std::uint64_t slot) noexcept {
  return static_cast<Family>((slot >> 1U) & 0x7U);
}
[[nodiscard]] constexpr bool slot_is_sampled(std::uint64_t slot) noexcept {
  return (slot & slot_sampled_bit) != 0;
}
// A bit in a set of families.
[[nodiscard]] constexpr std::uint32_t family_bit(Family family) noexcept {
  return 1U << static_cast<unsigned>(family);
}
// The same of a block's slot; of a sampled block, a bit that is in no such set.
[[nodiscard]] constexpr std::uint32_t slot_family_bit(std::uint64_t slot) noexcept {
  return 1U << ((slot >> 1U) & 0xfU);
}
[[nodiscard]] constexpr std::uint64_t freed_slot(std::uintptr_t return_address) noexcept {
  return static_cast<std::uint64_t>(return_address) << 1U;
}
[[nodiscard]] constexpr std::uintptr_t freed_by(std::uint64_t slot) noexcept {
  return static_cast<std::uintptr_t>(slot >> 1U);
}

}  // namespace ar::track

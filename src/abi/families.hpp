// Which families of blocks each function frees.
#pragma once

#include <cstdint>

#include "track/record.hpp"

namespace ar::abi {

inline constexpr std::uint32_t freed_by_free =
    track::family_bit(track::Family::malloc_family) | track::family_bit(track::Family::ar_heap);
inline constexpr std::uint32_t freed_by_delete = track::family_bit(track::Family::new_object);
inline constexpr std::uint32_t freed_by_delete_array = track::family_bit(track::Family::new_array);

}  // namespace ar::abi

// Changing a block's size.
#pragma once

#include <cstddef>
#include <cstdint>

#include "track/annotated_site.hpp"

namespace ar::abi {

// As C's realloc of a live block to a size that is not 0. Counts as a new allocation at `caller`, except
// that an annotated block keeps its own site. Null without memory: then the block is as it was.
[[nodiscard]] void* resize(void* pointer, std::size_t size, std::uintptr_t caller) noexcept;

// The same with a site of its own for the new block, whatever the old one's.
[[nodiscard]] void* resize_annotated(void* pointer, std::size_t size, const track::AnnotatedSite& site,
                                     std::uintptr_t caller) noexcept;

// The same as `resize`, but the block stays where it is; false when it cannot, and then it is as it was. Also
// false for null, size 0 and a block that is not ours.
[[nodiscard]] bool resize_in_place(void* pointer, std::size_t size, std::uintptr_t caller) noexcept;

}  // namespace ar::abi

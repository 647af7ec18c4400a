// The size of a block, and changing it in place.
#pragma once

#include <cstddef>

#include "heap/page.hpp"

namespace ar::heap {

// Bytes that a block of this page can hold.
[[nodiscard]] std::size_t usable_size(const Page* page) noexcept;

// Makes a block of a size of its own (not of a size class) larger or smaller without copying. The block,
// perhaps at another address (then in *page), or null if that is impossible: then the block is as it was.
[[nodiscard]] void* resize_one_block(Page*& page, std::size_t size, bool may_move) noexcept;

}  // namespace ar::heap

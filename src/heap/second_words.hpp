// Second metadata words, for pages with blocks that need one.
#pragma once

#include <cstdint>

#include "heap/page.hpp"

namespace ar::heap {

// A word per block of the page, made on the first call; null when there is no memory.
[[nodiscard]] std::uint64_t* second_words_of(Page* page) noexcept;

}  // namespace ar::heap

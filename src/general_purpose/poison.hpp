// Freed blocks are filled with a pattern, and looked at before they are handed out again.
#pragma once

#include <cstdint>

#include "general_purpose/page.hpp"
#include "general_purpose/state.hpp"

namespace ar::general_purpose {

void poison(std::uintptr_t block, std::size_t size) noexcept;
void check_poison(const State& state, std::uintptr_t block, std::size_t size, const Record& record) noexcept;

}  // namespace ar::general_purpose

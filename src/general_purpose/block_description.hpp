// What the tracked heap, if there is one, says of a block of ours that was passed to free().
#pragma once

#include <cstdint>

#include "arpent/block_owner.h"

#include "general_purpose/state.hpp"

namespace ar::general_purpose {

// False: no live block of the instance begins at the address, or its lock is held. Waits for no lock.
[[nodiscard]] bool describe_block(State& state, std::uintptr_t address, ar_heap__owned_block& found) noexcept;

}  // namespace ar::general_purpose

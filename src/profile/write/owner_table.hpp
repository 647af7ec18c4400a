// The table of arenas and buffers, with what was allocated from them.
#pragma once

#include <cstddef>
#include <string>

#include "profile/symbols/stack_frames.hpp"
#include "profile/write/text_style.hpp"

namespace ar::profile {

// The `top` owners that held most at the process's peak, and of each the sites that did. "" without owners.
[[nodiscard]] std::string owner_table(StackFrames& frames, std::size_t top, const Style& style);

}  // namespace ar::profile

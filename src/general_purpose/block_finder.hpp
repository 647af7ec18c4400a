// Telling the tracked heap, where there is one, whose a block is that somebody has given to free().
#pragma once

namespace ar::general_purpose {

// From the first instance that threads share to the end of the last one.
void begin_finding_blocks() noexcept;
void end_finding_blocks() noexcept;

}  // namespace ar::general_purpose

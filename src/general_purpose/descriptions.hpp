// Descriptions, each distinct text kept once to the end of the instance. The functions need the instance's
// lock.
#pragma once

#include "general_purpose/state.hpp"

namespace ar::general_purpose {

// The instance's own copy. Null for null, and when there is no memory or there are too many.
[[nodiscard]] const char* keep_description(State& state, const char* text) noexcept;
void release_descriptions(State& state) noexcept;

}  // namespace ar::general_purpose

// The beginning and the end of an instance.
#pragma once

#include "general_purpose/state.hpp"

namespace ar::general_purpose {

// Makes the state and puts it in `place`, unless another thread has meanwhile. What is in `place` then; null
// when there is no memory.
[[nodiscard]] State* make_state(const Settings& settings, const Backing& backing, State*& place) noexcept;

// Tells of every live block, and of released ones that were written to. True when there is no live one.
[[nodiscard]] bool check_at_end(State& state) noexcept;

// Gives all that the instance has back to the backing, itself included.
void release_everything(State& state) noexcept;

}  // namespace ar::general_purpose

// The stack of an allocation, as a node of the profile's tree.
#pragma once

#include <cstdint>

#include "track/region/profile_layout.hpp"
#include "unwind/unwind.hpp"

namespace ar::track {

inline constexpr std::uint32_t default_stack_depth = 128;  // frames
inline constexpr std::uint32_t most_stack_depth = 512;

// From the frame that `caller`, a return address, lies in. `from`: this thread, anywhere further in. Where
// the stack cannot be unwound as far as to `caller`, that one frame alone. 0: there is no room for its nodes.
// `memory`: the thread's memory of its last stack, which makes this faster; null: take_stack returns the
// frame of `caller` alone.
[[nodiscard]] NodeIndex take_stack(unwind::StackMemory* memory, const unwind::Context& from,
                                   std::uintptr_t caller) noexcept;

}  // namespace ar::track

// The loops of zig_allocators.zig: one batch each, as the C++ loops make it.
#pragma once

#include <cstddef>

extern "C" {
void zig_arena_batch(std::size_t size);
void zig_arena_from_nothing(std::size_t size);
void zig_fixed_batch(std::size_t size);
void zig_general_purpose_batch(std::size_t size);         // safety, six frames
void zig_general_purpose_unsafe_batch(std::size_t size);  // neither
}

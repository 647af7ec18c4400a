// What safety notes of a block when it is allocated and when it is freed.
#pragma once

#include <bit>
#include <cstddef>

#include "general_purpose/page.hpp"
#include "general_purpose/stacks.hpp"
#include "general_purpose/state.hpp"

namespace ar::general_purpose {

void note_allocation(State& state, Record& record, std::size_t size, std::size_t alignment,
                     const char* description, const CallStack& stack) noexcept;

// Makes a live block a freed one. False when it is not live: of several threads that try, one succeeds.
[[nodiscard]] bool note_release(const State& state, Record& record, const CallStack& stack) noexcept;

// Whether the block was requested with this size and alignment.
[[nodiscard]] inline bool was_requested_as(const Record& record, std::size_t size,
                                           std::size_t alignment) noexcept {
  return size == record.size && std::countr_zero(alignment) == record.alignment_shift;
}

}  // namespace ar::general_purpose

// Bytes requested and not freed, for instances with a limit.
#pragma once

#include <cstddef>
#include <cstdint>

#include "general_purpose/state.hpp"

namespace ar::general_purpose {

// Counts `size` bytes as requested; false when that would pass the limit.
[[nodiscard]] inline bool reserve_bytes(State& state, std::size_t size) noexcept {
  if (state.settings.memory_limit == SIZE_MAX) [[likely]] {
    return true;
  }
  std::size_t before = __atomic_load_n(&state.requested, __ATOMIC_RELAXED);
  do {
    if (size > state.settings.memory_limit - before) {
      return false;
    }
  } while (!__atomic_compare_exchange_n(&state.requested, &before, before + size, true, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED));
  return true;
}

inline void return_bytes(State& state, std::size_t size) noexcept {
  if (state.settings.memory_limit != SIZE_MAX) [[unlikely]] {
    __atomic_fetch_sub(&state.requested, size, __ATOMIC_RELAXED);
  }
}

}  // namespace ar::general_purpose

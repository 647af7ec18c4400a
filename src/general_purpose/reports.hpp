// What is said, on standard error, when an instance with safety finds a mistake.
#pragma once

#include <cstddef>
#include <cstdint>

#include "general_purpose/page.hpp"
#include "general_purpose/state.hpp"

namespace ar::general_purpose {

struct Stack {
  const std::uintptr_t* frames;  // return addresses, innermost first
  std::uint32_t depth;
};

[[nodiscard]] inline Stack allocation_stack(const Record& record) noexcept {
  return {record.frames(), record.allocated_depth};
}
[[nodiscard]] inline Stack release_stack(const State& state, const Record& record) noexcept {
  return {record.frames() + state.settings.stack_frames, record.released_depth};
}

// Each ends the process when the settings say so. `now` is the stack of the call that found it.
void report_double_free(const State& state, std::uintptr_t block, const Record& record, Stack now) noexcept;
void report_interior_free(const State& state, std::uintptr_t address, std::uintptr_t block,
                          const Record& record, Stack now) noexcept;
void report_invalid_free(const State& state, std::uintptr_t address, Stack now) noexcept;
void report_wrong_size(const State& state, std::uintptr_t block, const Record& record, std::size_t size,
                       std::size_t alignment, Stack now) noexcept;
void report_written_after_free(const State& state, std::uintptr_t block, const Record& record,
                               std::size_t offset) noexcept;

// A live block at the end of its instance.
struct Leak {
  std::uintptr_t block;
  const Record* record;
};

// Sorts `leaks`. Those of the same stack and description are told together, the most bytes first.
void report_leaks(const State& state, Leak* leaks, std::size_t count) noexcept;
// Where there is no memory for the list.
void report_leak(const State& state, const Leak& leak) noexcept;

}  // namespace ar::general_purpose

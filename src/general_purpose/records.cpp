#include "general_purpose/records.hpp"

#include <atomic>

#include "general_purpose/descriptions.hpp"

namespace ar::general_purpose {

void note_allocation(State& state, Record& record, std::size_t size, std::size_t alignment,
                     const char* description, const CallStack& stack) noexcept {
  record.size = size;
  record.alignment_shift = static_cast<std::uint8_t>(std::countr_zero(alignment));
  record.released_depth = 0;
  record.allocated_depth = stack.copy_to(record.frames(), state.settings.stack_frames);
  record.description = nullptr;
  if (description != nullptr) {
    const StateLock hold(state);
    record.description = keep_description(state, description);
  }
  std::atomic_ref(record.state).store(BlockState::live, std::memory_order_release);
}

bool note_release(const State& state, Record& record, const CallStack& stack) noexcept {
  BlockState expected = BlockState::live;
  if (!std::atomic_ref(record.state)
           .compare_exchange_strong(expected, BlockState::freed, std::memory_order_acq_rel)) {
    return false;
  }
  record.released_depth =
      stack.copy_to(record.frames() + state.settings.stack_frames, state.settings.stack_frames);
  return true;
}

}  // namespace ar::general_purpose

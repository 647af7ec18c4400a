// Walking up a stack beside the memory of the last one.
//
// What is found in a frame depends on the instruction, the stack pointer and rbp, on the row for the
// instruction, and on the words of the stack that the row names. Where all of these are as they were, so is
// the caller's frame, and so on outwards: then looking at the words is enough, which, unlike walking, need
// not wait for the last frame to be done with.
#pragma once

#include "track/unwind.hpp"
#include "track/unwind/walk.hpp"

namespace ar::track {

class Recollection {
 public:
  ARPENT_HANDLER_CODE explicit Recollection(StackMemory& memory) noexcept
      : memory_(memory), usable_(!platform::load_relaxed(memory.in_use_)) {
    if (usable_) {
      // Only a signal handler in the same thread looks at this.
      platform::store_relaxed(memory.in_use_, true);
      __atomic_signal_fence(__ATOMIC_SEQ_CST);
    }
  }
  ARPENT_HANDLER_CODE ~Recollection() {
    if (usable_) {
      __atomic_signal_fence(__ATOMIC_SEQ_CST);
      platform::store_relaxed(memory_.in_use_, false);
    }
  }
  Recollection(const Recollection&) = delete;
  Recollection& operator=(const Recollection&) = delete;

  // False while a use is interrupted by this one.
  [[nodiscard]] bool usable() const noexcept { return usable_; }

  // False when it takes more registers than these.
  ARPENT_HANDLER_CODE [[gnu::always_inline]] bool run(const UnwindContext& from, std::uintptr_t* frames,
                                                      std::size_t most, std::size_t& count) noexcept {
    using unwinding::word_at;
    using unwinding::word_size;
    const std::uint64_t generation = __atomic_load_n(&unwinding::row_generation, __ATOMIC_ACQUIRE);
    StackMemory::Steps& old = memory_.stacks_[memory_.current_];
    StackMemory::Steps& fresh = memory_.stacks_[1 - memory_.current_];
    if (memory_.generation_ != generation) {
      memory_.generation_ = generation;
      old.first = old.last = 0;
    }
    unwinding::FrameState state = {.key = from.instruction + 1,
                                   .stack_pointer = from.stack_pointer,
                                   .frame_pointer = from.frame_pointer,
                                   .window = platform::window_at(from.stack_pointer)};
    if (state.stack_pointer % word_size != 0) [[unlikely]] {
      return false;
    }
    fresh.first = fresh.last = room;
    std::size_t at = old.first;
    std::size_t done = 0;
    while (done < most) {
      while (at < old.last && old.steps[at].stack_pointer < state.stack_pointer) {
        ++at;
      }
      if (at < old.last && is_at(old.steps[at], state)) {
        const std::size_t joined = at;
        for (; at < old.last && done < most; ++at) {
          const StackMemory::Step& step = old.steps[at];
          const StackMemory::Step& caller = old.steps[at + 1];
          if (caller.stack_pointer > state.window.high) [[unlikely]] {
            break;
          }
          if (word_at(caller.stack_pointer - word_size) != caller.key ||
              word_at(step.saved_at) != step.saved) {
            break;
          }
          frames[done++] = caller.key;
        }
        move_to(old.steps[at], state);
        if (at == old.last || done == most) {
          keep_joined(old, fresh, joined);
          break;
        }
        if (!append(old, joined, at, fresh)) {
          break;
        }
      }
      const unwinding::CompactRow row = unwinding::row_before(state.key);
      if (!row.is_simple() || fresh.last == StackMemory::most_steps) [[unlikely]] {
        break;
      }
      const unwinding::SimpleFrame frame(row, state.stack_pointer, state.frame_pointer);
      if (!frame.is_within(state.stack_pointer, state.window.high)) [[unlikely]] {
        break;
      }
      const std::uintptr_t return_address = word_at(frame.cfa - word_size);
      const std::uintptr_t saved = word_at(frame.saved_at);
      if (return_address == 0) [[unlikely]] {
        break;
      }
      fresh.steps[fresh.last++] = {.stack_pointer = state.stack_pointer,
                                   .key = state.key,
                                   .frame_pointer = state.frame_pointer,
                                   .saved_at = frame.saved_at,
                                   .saved = saved};
      state.frame_pointer = frame.is_saved ? saved : state.frame_pointer;
      state.stack_pointer = frame.cfa;
      state.key = return_address;
      frames[done++] = return_address;
    }
    if (!joined_) {
      if (!full_) {
        end_with(fresh, state);
      }
      memory_.current_ = 1 - memory_.current_;
    }
    if (done == most) {
      count = done;
      return true;
    }
    // The end of the stack, or of what is remembered, or an unusual frame.
    state.window.low = state.stack_pointer;
    const bool all = unwinding::Walk(state).run(frames + done, most - done, count);
    count += done;
    return all;
  }

 private:
  static constexpr std::size_t room = 16;  // for functions that are called next, before the first step

  ARPENT_HANDLER_CODE static bool is_at(const StackMemory::Step& step,
                                        const unwinding::FrameState& state) noexcept {
    return step.stack_pointer == state.stack_pointer && step.key == state.key &&
           step.frame_pointer == state.frame_pointer;
  }

  ARPENT_HANDLER_CODE static void move_to(const StackMemory::Step& step,
                                          unwinding::FrameState& state) noexcept {
    state.key = step.key;
    state.stack_pointer = step.stack_pointer;
    state.frame_pointer = step.frame_pointer;
  }

  ARPENT_HANDLER_CODE static void end_with(StackMemory::Steps& steps,
                                           const unwinding::FrameState& state) noexcept {
    steps.steps[steps.last] = {.stack_pointer = state.stack_pointer,
                               .key = state.key,
                               .frame_pointer = state.frame_pointer,
                               .saved_at = 0,
                               .saved = 0};
  }

  // Copies steps; false when there was no room for all.
  ARPENT_HANDLER_CODE bool append(const StackMemory::Steps& from, std::size_t first, std::size_t last,
                                  StackMemory::Steps& to) noexcept {
    std::size_t i = first;
    for (; i < last && to.last < StackMemory::most_steps; ++i) {
      to.steps[to.last++] = from.steps[i];
    }
    full_ = i < last;
    if (full_) {
      to.steps[to.last] = from.steps[i];
    }
    return !full_;
  }

  // The new steps, then the old ones from `joined` on: in place where there is room before these.
  ARPENT_HANDLER_CODE void keep_joined(StackMemory::Steps& old, StackMemory::Steps& fresh,
                                       std::size_t joined) noexcept {
    const std::size_t added = fresh.last - fresh.first;
    if (added <= joined) {
      old.first = joined - added;
      for (std::size_t i = 0; i < added; ++i) {
        old.steps[old.first + i] = fresh.steps[fresh.first + i];
      }
      joined_ = true;
      return;
    }
    if (append(old, joined, old.last, fresh)) {
      fresh.steps[fresh.last] = old.steps[old.last];
    }
    joined_ = true;
    memory_.current_ = 1 - memory_.current_;
  }

  StackMemory& memory_;
  bool usable_;
  bool joined_ = false;  // the outer frames are the old ones
  bool full_ = false;    // not all steps could be kept
};

}  // namespace ar::track

// Walking up a stack beside the memory of the last one.
//
// What is found in a frame depends on the instruction, the stack pointer, on rbp if the row for the
// instruction or one further out makes use of it, and on the words of the stack that the rows name. Where all
// of these are as they were, so is the caller's frame, and so on outwards: then looking at the words is
// enough, which, unlike walking, need not wait for the last frame to be done with.
#pragma once

#include "unwind/context.hpp"
#include "unwind/stack_memory.hpp"
#include "unwind/walk.hpp"

namespace ar::unwind {

// Uses a memory as long as it lives.
class StackCache {
 public:
  ARPENT_HANDLER_CODE explicit StackCache(StackMemory& memory) noexcept
      : memory_(memory), usable_(!platform::load_relaxed(memory.in_use_)) {
    if (usable_) {
      // Only a signal handler in the same thread looks at this.
      platform::store_relaxed(memory.in_use_, true);
      __atomic_signal_fence(__ATOMIC_SEQ_CST);
    }
  }
  ARPENT_HANDLER_CODE ~StackCache() {
    if (usable_) {
      __atomic_signal_fence(__ATOMIC_SEQ_CST);
      platform::store_relaxed(memory_.in_use_, false);
    }
  }
  StackCache(const StackCache&) = delete;
  StackCache& operator=(const StackCache&) = delete;

  // False while a use is interrupted by this one.
  [[nodiscard]] bool usable() const noexcept { return usable_; }

  // False when the stack holds other than simple frames, or more than are remembered; nothing is then.
  ARPENT_HANDLER_CODE [[gnu::always_inline]] bool run(const Context& from) noexcept {
    const std::uint64_t generation = __atomic_load_n(&row_generation, __ATOMIC_ACQUIRE);
    FrameState state = {.key = from.instruction + 1,
                        .stack_pointer = from.stack_pointer,
                        .frame_pointer = from.frame_pointer,
                        .window = platform::window_at(from.stack_pointer)};
    const StackMemory::Step* const steps = memory_.steps_;
    std::size_t old = memory_.count_;
    if (memory_.generation_ != generation || (old != 0 && steps[0].stack_pointer > state.window.high))
        [[unlikely]] {
      memory_.generation_ = generation;
      old = 0;
    }
    memory_.count_ = 0;
    std::size_t fresh = StackMemory::most_steps;
    if (state.stack_pointer % word_size != 0) [[unlikely]] {
      return false;
    }
    for (;;) {
      while (old != 0 && steps[old - 1].stack_pointer < state.stack_pointer) {
        --old;
      }
      if (old != 0 && is_at(steps[old - 1], state)) {
        const std::size_t changed = first_unchanged_from(old - 1);
        if (changed == 0) {
          return (memory_.end_is_certain_ || ends(state.window)) && keep(old, fresh);
        }
        old = changed;
      }
      const CompactRow row = row_before(state.key);
      if (fresh == 0) [[unlikely]] {
        return false;
      }
      StackMemory::Step& step = memory_.fresh_[--fresh];
      step.stack_pointer = state.stack_pointer;
      step.key = state.key;
      step.frame_pointer = state.frame_pointer;
      if (!row.is_simple()) [[unlikely]] {
        memory_.end_is_certain_ = row.kind() == CompactKind::outermost;
        step.frame_pointer_mask = memory_.end_is_certain_ ? 0 : all_bits;
        return (memory_.end_is_certain_ || ends_at(state)) && keep(0, fresh);
      }
      const SimpleFrame frame(row, state.stack_pointer, state.frame_pointer);
      if (!frame.is_within(state.stack_pointer, state.window.high)) [[unlikely]] {
        return false;
      }
      const std::uintptr_t return_address = word_at(frame.cfa - word_size);
      const std::uintptr_t saved = word_at(frame.saved_at);
      if (return_address == 0) [[unlikely]] {
        memory_.end_is_certain_ = false;
        step.frame_pointer_mask = all_bits;
        return keep(0, fresh);
      }
      step.frame_pointer_mask = row.on_rbp() ? all_bits : 0;
      step.seen_at = frame.is_saved ? frame.saved_at : 0;
      step.seen = saved;
      state.frame_pointer = frame.is_saved ? saved : state.frame_pointer;
      state.stack_pointer = frame.cfa;
      state.key = return_address;
    }
  }

  // After a successful run: how many frames there are, the one that it began at included.
  [[nodiscard]] std::size_t count() const noexcept { return memory_.count_; }
  // Frame 0 is the one that the run began at. The address after the instruction that it is at.
  [[nodiscard]] std::uintptr_t address(std::size_t frame) const noexcept {
    return memory_.steps_[memory_.count_ - 1 - frame].key;
  }
  // What the stack is called from that frame outwards; 0: nothing yet. Stays for as long as it is there.
  [[nodiscard]] std::uint32_t& name(std::size_t frame) noexcept {
    return memory_.steps_[memory_.count_ - 1 - frame].name;
  }

 private:
  static constexpr std::uintptr_t all_bits = ~std::uintptr_t{0};

  ARPENT_HANDLER_CODE [[gnu::always_inline]] static bool is_at(const StackMemory::Step& step,
                                                               const FrameState& state) noexcept {
    return step.stack_pointer == state.stack_pointer && step.key == state.key &&
           ((step.frame_pointer ^ state.frame_pointer) & step.frame_pointer_mask) == 0;
  }

  // From this step outwards, the first whose caller is another one than it was; 0: there is none.
  ARPENT_HANDLER_CODE [[gnu::always_inline]] std::size_t first_unchanged_from(
      std::size_t step) const noexcept {
    const StackMemory::Step* const steps = memory_.steps_;
    while (step != 0 && word_at(steps[step - 1].stack_pointer - word_size) == steps[step - 1].key &&
           word_at(steps[step].seen_at) == steps[step].seen) {
      --step;
    }
    return step;
  }

  // Whether there is nothing further out, where that is not a matter of the code alone.
  ARPENT_HANDLER_CODE [[gnu::noinline]] static bool ends_at(const FrameState& state) noexcept {
    std::uintptr_t frame = 0;
    std::size_t count = 0;
    return Walk(state).run(&frame, 1, count) && count == 0;
  }
  ARPENT_HANDLER_CODE [[gnu::noinline]] bool ends(const platform::StackWindow& window) const noexcept {
    const StackMemory::Step& last = memory_.steps_[0];
    return ends_at({.key = last.key,
                    .stack_pointer = last.stack_pointer,
                    .frame_pointer = last.frame_pointer,
                    .window = {last.stack_pointer, window.high}});
  }

  // Of the old steps the outer ones, and then the fresh ones. False when these are too many.
  ARPENT_HANDLER_CODE [[gnu::always_inline]] bool keep(std::size_t old, std::size_t fresh) noexcept {
    StackMemory::Step* const steps = memory_.steps_;
    if (old + (StackMemory::most_steps - fresh) > StackMemory::most_steps) [[unlikely]] {
      return false;
    }
    std::size_t count = old;
    for (std::size_t i = fresh; i < StackMemory::most_steps; ++i, ++count) {
      // Word by word, as they have just been stored: wider loads would wait for the stores to be done.
      const StackMemory::Step& from = memory_.fresh_[i];
      StackMemory::Step& step = steps[count];
      step.stack_pointer = platform::load_relaxed(from.stack_pointer);
      step.key = platform::load_relaxed(from.key);
      step.frame_pointer = platform::load_relaxed(from.frame_pointer);
      step.name = 0;
      std::uintptr_t mask = platform::load_relaxed(from.frame_pointer_mask);
      if (count != 0) {
        // Where nobody further out makes use of rbp, it does not matter what is in it.
        const StackMemory::Step& caller = steps[count - 1];
        const std::uintptr_t callers_mask = platform::load_relaxed(caller.frame_pointer_mask);
        const std::uintptr_t saved_at = platform::load_relaxed(from.seen_at);
        const bool is_needed = saved_at != 0 && callers_mask != 0;
        mask |= saved_at == 0 ? callers_mask : 0;
        step.seen_at = is_needed ? saved_at : platform::load_relaxed(caller.stack_pointer) - word_size;
        step.seen = is_needed ? platform::load_relaxed(from.seen) : platform::load_relaxed(caller.key);
      }
      step.frame_pointer_mask = mask;
    }
    memory_.count_ = count;
    return true;
  }

  StackMemory& memory_;
  bool usable_;
};

}  // namespace ar::unwind

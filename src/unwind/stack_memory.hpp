// What a thread remembers of the last stack that it took.
#pragma once

#include <cstddef>
#include <cstdint>

#include "platform/shared_field.hpp"

namespace ar::unwind {

// The last stack that one thread took, to take the next one faster: what calls the functions that did not
// return meanwhile need not be looked up again, only be seen to be unchanged. Every word that decided about a
// frame is compared, so the result is the same as without. For one thread; a signal handler that interrupts
// its use is served without it.
class StackMemory {
 public:
  static constexpr std::size_t most_steps = 192;

  // Whether its thread is using it: true only in a signal handler of that thread.
  [[nodiscard]] bool is_in_use() const noexcept { return platform::load_relaxed(in_use_); }

  // Makes it the memory of a thread that has taken no stack yet, whatever it held before. The steps are left
  // as they are: each of many threads would touch them all.
  void clear() noexcept {
    count_ = 0;
    generation_ = 0;
    end_is_certain_ = false;
    in_use_ = false;
  }

 private:
  friend class StackCache;

  // A frame, and what its caller's was found by.
  struct Step {
    std::uintptr_t stack_pointer;
    std::uintptr_t key;  // see row_before
    std::uintptr_t frame_pointer;
    std::uintptr_t frame_pointer_mask;  // 0: whatever it is, the callers are the same
    // A word that has to be what it was: the caller's frame pointer, or (it does not matter) the return
    // address once more.
    std::uintptr_t seen_at;
    std::uintptr_t seen;
    std::uint32_t name;
  };

  Step steps_[most_steps] = {};  // outermost first
  Step fresh_[most_steps] = {};  // while a stack is taken: its new frames, at the end
  std::size_t count_ = 0;
  std::uint64_t generation_ = 0;
  bool end_is_certain_ = false;
  bool in_use_ = false;
};

}  // namespace ar::unwind

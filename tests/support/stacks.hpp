// Our stacks beside those of libgcc, which knows nothing of ours.
#pragma once

#include <gtest/gtest.h>
#include <unwind.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include "unwind/full_walk.hpp"
#include "unwind/unwind.hpp"

namespace ar::test {

inline constexpr std::size_t most_frames = 512;

// No allocation: it is filled in signal handlers too.
struct Stack {
  std::uintptr_t frames[most_frames];
  std::size_t count = 0;

  friend bool operator==(const Stack& left, const Stack& right) {
    return std::equal(left.frames, left.frames + left.count, right.frames, right.frames + right.count);
  }
  friend void PrintTo(const Stack& stack, std::ostream* out) {
    for (std::size_t i = 0; i < stack.count; ++i) {
      *out << (i == 0 ? "" : " ") << std::hex << "0x" << stack.frames[i] << std::dec;
    }
  }
};

struct LibgccSearch {
  Stack* stack;
  bool first = true;
};

inline _Unwind_Reason_Code note_frame(_Unwind_Context* context, void* argument) {
  auto& search = *static_cast<LibgccSearch*>(argument);
  const std::uintptr_t address = _Unwind_GetIP(context);
  if (!search.first && search.stack->count < most_frames && address != 0) {
    search.stack->frames[search.stack->count++] = address;
  }
  search.first = false;
  return _URC_NO_REASON;
}

#ifdef __x86_64__
inline unwind::Registers registers_of(const unwind::Context& context) {
  unwind::Registers registers;
  registers.set(unwind::register_rip, context.instruction);
  registers.set(unwind::register_rsp, context.stack_pointer);
  registers.set(unwind::register_rbp, context.frame_pointer);
  registers.set(unwind::register_rbx, context.rbx);
  registers.set(unwind::register_r12, context.r12);
  registers.set(unwind::register_r12 + 1, context.r13);
  registers.set(unwind::register_r12 + 2, context.r14);
  registers.set(unwind::register_r12 + 3, context.r15);
  return registers;
}
#endif

inline thread_local unwind::StackMemory stack_memory;

// The stack of the function that calls this, four times over.
struct Stacks {
  Stack ours;
  Stack recollected;  // with the memory of the last one in this thread
  Stack carefully;    // the slow way, with all registers
  Stack libgcc;

  [[gnu::always_inline]] void take() {
    const unwind::Context context = unwind::context_here();
    ours.count = unwind::capture_from(context, ours.frames, most_frames);
    recollected.count = unwind::capture_from(context, recollected.frames, most_frames, stack_memory);
#ifdef __x86_64__
    carefully.count = unwind::walk_with_all_registers(registers_of(context), carefully.frames, most_frames);
#else
    carefully = ours;
#endif
    libgcc.count = 0;
    LibgccSearch search = {.stack = &libgcc};
    _Unwind_Backtrace(&note_frame, &search);
  }
  [[nodiscard]] bool agree() const { return ours == libgcc && recollected == libgcc && carefully == libgcc; }
};

}  // namespace ar::test

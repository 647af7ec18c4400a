// The calling thread's stack: the return addresses, innermost first, by the call-frame information (CFI) that
// compilers leave in every module, so that no frame pointers are needed.
//
// What comes out is right as far as it goes: where the next frame cannot be known, the stack ends there. May
// be called anywhere, in signal handlers and inside malloc too: takes no lock, allocates nothing, leaves
// errno alone, reads no memory that is not there. Needs the calling thread's thread-local storage.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ar::track {

// Where a stack is unwound from: a function's registers at one of its instructions. Callers' registers that
// are not here do not matter.
struct UnwindContext {
  std::uintptr_t instruction;
  std::uintptr_t stack_pointer;
  std::uintptr_t frame_pointer;
#ifdef __x86_64__
  std::uintptr_t rbx;
  std::uintptr_t r12, r13, r14, r15;
#endif
};

// The context of the function that it is inlined in.
[[nodiscard, gnu::always_inline]] inline UnwindContext context_here() noexcept {
  UnwindContext context;
#if defined(__x86_64__)
  __asm__ volatile(
      "leaq 0(%%rip), %%rax\n\t"
      "movq %%rax, 0(%0)\n\t"
      "movq %%rsp, 8(%0)\n\t"
      "movq %%rbp, 16(%0)\n\t"
      "movq %%rbx, 24(%0)\n\t"
      "movq %%r12, 32(%0)\n\t"
      "movq %%r13, 40(%0)\n\t"
      "movq %%r14, 48(%0)\n\t"
      "movq %%r15, 56(%0)"
      :
      : "r"(&context)
      : "rax", "memory");
#elif defined(__aarch64__)
  __asm__ volatile(
      "adr %0, .\n\t"
      "mov %1, sp\n\t"
      "mov %2, x29"
      : "=r"(context.instruction), "=r"(context.stack_pointer), "=r"(context.frame_pointer));
#else
#error "Arpent knows x86-64 and aarch64"
#endif
  return context;
}

// Fills in at most `most` return addresses; gives how many. The first is where the function of `from` returns
// to, the last usually in the program's or the thread's start routine.
//
// An address that was interrupted by a signal, not returned to by a call, comes as it is: it is the
// instruction itself, which a call's return address comes after.
//
// On aarch64 this follows frame records (x29), which every ABI there asks for but which a compiler may be
// told to leave out; a function that is interrupted before it has made its record goes missing.
std::size_t unwind(const UnwindContext& from, std::uintptr_t* frames, std::size_t most) noexcept;

// The stack of the function that it is inlined in: first where that function returns to.
[[gnu::always_inline]] inline std::size_t capture(std::uintptr_t* frames, std::size_t most) noexcept {
  const UnwindContext context = context_here();
  return unwind(context, frames, most);
}

// The last stack that one thread took, to take the next one faster: what calls the functions that did not
// return meanwhile need not be looked up again, only be seen to be unchanged. Every word that decided about a
// frame is compared, so the result is the same as without. For one thread; a signal handler that interrupts
// its use is served without it.
class StackMemory {
 public:
  static constexpr std::size_t most_steps = 192;

 private:
  friend class Recollection;

  // A frame, and what its caller's was found by.
  struct Step {
    std::uintptr_t stack_pointer;
    std::uintptr_t key;  // see unwinding::row_before
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

std::size_t unwind(const UnwindContext& from, std::uintptr_t* frames, std::size_t most,
                   StackMemory& memory) noexcept;

[[gnu::always_inline]] inline std::size_t capture(std::uintptr_t* frames, std::size_t most,
                                                  StackMemory& memory) noexcept {
  const UnwindContext context = context_here();
  return unwind(context, frames, most, memory);
}

// Code was unloaded, and its addresses may soon hold other code: what is remembered of them is forgotten. To
// be called after every unloading, by any thread.
void forget_unwinding() noexcept;

}  // namespace ar::track

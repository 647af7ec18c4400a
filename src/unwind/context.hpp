// Where a stack is unwound from.
#pragma once

#include <cstdint>

namespace ar::unwind {

// A function's registers at one of its instructions. Callers' registers that
// are not here do not matter.
struct Context {
  std::uintptr_t instruction;
  std::uintptr_t stack_pointer;
  std::uintptr_t frame_pointer;
#ifdef __x86_64__
  std::uintptr_t rbx;
  std::uintptr_t r12, r13, r14, r15;
#endif
};

// The context of the function that it is inlined in.
[[nodiscard, gnu::always_inline]] inline Context context_here() noexcept {
  Context context;
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

}  // namespace ar::unwind

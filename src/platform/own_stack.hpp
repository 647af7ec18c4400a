// Which memory around a stack pointer can be read: the calling thread's stack, and single pages elsewhere.
//
// May be called in signal handlers and inside malloc. Needs the calling thread's thread-local storage.
#pragma once

#include <cstdint>

#include "platform/handler_code.hpp"

namespace ar::platform {

struct StackWindow {
  std::uintptr_t low;  // readable from here
  std::uintptr_t high;
};

// The stack that the system gave the calling thread. {0, 0}: not looked for yet. {1, 1}: not known.
extern constinit thread_local StackWindow thread_stack __attribute__((tls_model("initial-exec")));

// Looks the stack up once a thread. `stack_pointer` is in use, on this stack or on another one.
void find_thread_stack(std::uintptr_t stack_pointer) noexcept;

// Whether the 8 bytes at a multiple of 8 can be read now; then their page can. A system call, and no other
// effect.
[[nodiscard]] bool is_readable(std::uintptr_t address) noexcept;

inline constexpr std::uintptr_t smallest_page = 4096;

// What can surely be read around a stack pointer in use: the thread's whole stack, or, on stacks that the
// system does not know as this thread's (alternate ones of signal handlers, coroutines'), the rest of the
// page.
[[nodiscard]] ARPENT_HANDLER_CODE inline StackWindow window_at(std::uintptr_t stack_pointer) noexcept {
  StackWindow known = thread_stack;
  if (known.high == 0) [[unlikely]] {
    find_thread_stack(stack_pointer);
    known = thread_stack;
  }
  if (stack_pointer >= known.low && stack_pointer < known.high) [[likely]] {
    return {stack_pointer, known.high};
  }
  return {stack_pointer, (stack_pointer | (smallest_page - 1)) + 1};
}

}  // namespace ar::platform

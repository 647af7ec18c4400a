// System calls that touch nothing but registers: no errno, hence no thread-local storage. For handlers that
// may interrupt a thread before or after it has any.
#pragma once

#include <cstdint>

namespace ar::platform {

// Returns the kernel's result: negative errno on failure.
[[gnu::always_inline]] inline long raw_system_call(long number, long first = 0, long second = 0,
                                                   long third = 0, long fourth = 0, long fifth = 0,
                                                   long sixth = 0) noexcept {
#if defined(__x86_64__)
  long result = number;  // NOLINT(misc-const-correctness): the assembler writes it
  register const long fourth_register __asm__("r10") = fourth;
  register const long fifth_register __asm__("r8") = fifth;
  register const long sixth_register __asm__("r9") = sixth;
  __asm__ volatile("syscall"
                   : "+a"(result)
                   : "D"(first), "S"(second), "d"(third), "r"(fourth_register), "r"(fifth_register),
                     "r"(sixth_register)
                   : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register const long number_register __asm__("x8") = number;
  register long first_register __asm__("x0") = first;
  register const long second_register __asm__("x1") = second;
  register const long third_register __asm__("x2") = third;
  register const long fourth_register __asm__("x3") = fourth;
  register const long fifth_register __asm__("x4") = fifth;
  register const long sixth_register __asm__("x5") = sixth;
  __asm__ volatile("svc #0"
                   : "+r"(first_register)
                   : "r"(number_register), "r"(second_register), "r"(third_register), "r"(fourth_register),
                     "r"(fifth_register), "r"(sixth_register)
                   : "memory");
  return first_register;
#else
#error "Arpent knows x86-64 and aarch64"
#endif
}

}  // namespace ar::platform

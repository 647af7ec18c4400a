// The kernel's return path from a handler, which the C library hides (stop_signal.cpp). Debuggers know it by these
// bytes. The no-operation before it belongs to no function: unwinders look up the address before a return address.
#ifdef __CET__
#include <cet.h>
#endif

#ifdef __x86_64__
  .text
  .balign 16
  .globl arpent_return_from_handler
  .hidden arpent_return_from_handler
  .type arpent_return_from_handler, @function
  nop
arpent_return_from_handler:
  mov $15, %rax
  syscall
  .size arpent_return_from_handler, . - arpent_return_from_handler
#endif

  .section .note.GNU-stack, "", @progbits

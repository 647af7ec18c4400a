// arpent_allocate_with_stack(size, caller, family): see allocate.cpp. Calls arpent_allocate_in_context with the
// same arguments and the calling function's context: the address of the call, the stack pointer and the registers
// that calls preserve, as unwind::Context has them.
#ifdef __CET__
#include <cet.h>
#endif

#ifdef __x86_64__
  .text
  .hidden arpent_allocate_in_context
  .hidden arpent_allocate_without_context
  .globl arpent_allocate_with_stack
  .hidden arpent_allocate_with_stack
  .type arpent_allocate_with_stack, @function
  .p2align 4
arpent_allocate_with_stack:
  .cfi_startproc
  cmpq (%rsp), %rsi
  jne arpent_allocate_without_context
  subq $72, %rsp
  .cfi_adjust_cfa_offset 72
  leaq -1(%rsi), %rax
  movq %rax, 0(%rsp)
  leaq 80(%rsp), %rax
  movq %rax, 8(%rsp)
  movq %rbp, 16(%rsp)
  movq %rbx, 24(%rsp)
  movq %r12, 32(%rsp)
  movq %r13, 40(%rsp)
  movq %r14, 48(%rsp)
  movq %r15, 56(%rsp)
  movq %rsp, %rcx
  call arpent_allocate_in_context
  addq $72, %rsp
  .cfi_adjust_cfa_offset -72
  ret
  .cfi_endproc
  .size arpent_allocate_with_stack, . - arpent_allocate_with_stack
#endif

  .section .note.GNU-stack, "", @progbits

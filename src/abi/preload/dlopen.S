// dlopen(file, mode): jumps to what arpent_choose_dlopen (deep_binding.cpp) returns, with the mode that it returns. A
// jump, because the C library looks at its return address for who calls: whose RUNPATH, $ORIGIN and namespace count.
#ifdef __CET__
#include <cet.h>
#else
#define _CET_ENDBR
#endif

#ifdef __x86_64__
  .text
  .hidden arpent_choose_dlopen
  .globl dlopen
  .type dlopen, @function
  .p2align 4
dlopen:
  .cfi_startproc
  _CET_ENDBR
  pushq %rdi
  .cfi_adjust_cfa_offset 8
  subq $16, %rsp
  .cfi_adjust_cfa_offset 16
  call arpent_choose_dlopen
  movl %edx, %esi
  addq $16, %rsp
  .cfi_adjust_cfa_offset -16
  popq %rdi
  .cfi_adjust_cfa_offset -8
  jmpq *%rax
  .cfi_endproc
  .size dlopen, . - dlopen
#endif

#ifdef __aarch64__
  .text
  .hidden arpent_choose_dlopen
  .globl dlopen
  .type dlopen, %function
  .p2align 4
dlopen:
  .cfi_startproc
  hint #34
  stp x29, x30, [sp, #-32]!
  .cfi_adjust_cfa_offset 32
  .cfi_rel_offset x29, 0
  .cfi_rel_offset x30, 8
  str x0, [sp, #16]
  bl arpent_choose_dlopen
  mov x16, x0
  ldr x0, [sp, #16]
  ldp x29, x30, [sp], #32
  .cfi_adjust_cfa_offset -32
  .cfi_restore x29
  .cfi_restore x30
  br x16
  .cfi_endproc
  .size dlopen, . - dlopen
#endif

  .section .note.GNU-stack, "", %progbits

// dlopen(file, mode) and dlmopen(where, file, mode): jump to what arpent_choose_dlopen (deep_binding.cpp) and
// arpent_choose_dlmopen (namespaces.cpp) return. A jump, because the C library looks at its return address for who
// calls: whose RUNPATH, $ORIGIN and namespace count. arpent_choose_dlmopen also gets the return address; if it has
// opened the file itself, it returns no function, but the handle.
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
  pushq %rsi
  .cfi_adjust_cfa_offset 8
  subq $8, %rsp
  .cfi_adjust_cfa_offset 8
  call arpent_choose_dlopen
  addq $8, %rsp
  .cfi_adjust_cfa_offset -8
  popq %rsi
  .cfi_adjust_cfa_offset -8
  popq %rdi
  .cfi_adjust_cfa_offset -8
  jmpq *%rax
  .cfi_endproc
  .size dlopen, . - dlopen

  .hidden arpent_choose_dlmopen
  .globl dlmopen
  .type dlmopen, @function
  .p2align 4
dlmopen:
  .cfi_startproc
  _CET_ENDBR
  movq (%rsp), %rcx
  pushq %rdi
  .cfi_adjust_cfa_offset 8
  pushq %rsi
  .cfi_adjust_cfa_offset 8
  pushq %rdx
  .cfi_adjust_cfa_offset 8
  call arpent_choose_dlmopen
  movq %rdx, %rcx
  popq %rdx
  .cfi_adjust_cfa_offset -8
  popq %rsi
  .cfi_adjust_cfa_offset -8
  popq %rdi
  .cfi_adjust_cfa_offset -8
  testq %rax, %rax
  je 1f
  jmpq *%rax
1:
  movq %rcx, %rax
  ret
  .cfi_endproc
  .size dlmopen, . - dlmopen
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
  stp x0, x1, [sp, #16]
  bl arpent_choose_dlopen
  mov x16, x0
  ldp x0, x1, [sp, #16]
  ldp x29, x30, [sp], #32
  .cfi_adjust_cfa_offset -32
  .cfi_restore x29
  .cfi_restore x30
  br x16
  .cfi_endproc
  .size dlopen, . - dlopen

  .hidden arpent_choose_dlmopen
  .globl dlmopen
  .type dlmopen, %function
  .p2align 4
dlmopen:
  .cfi_startproc
  hint #34
  stp x29, x30, [sp, #-48]!
  .cfi_adjust_cfa_offset 48
  .cfi_rel_offset x29, 0
  .cfi_rel_offset x30, 8
  stp x0, x1, [sp, #16]
  str x2, [sp, #32]
  mov x3, x30
  bl arpent_choose_dlmopen
  mov x16, x0
  mov x17, x1
  ldp x0, x1, [sp, #16]
  ldr x2, [sp, #32]
  ldp x29, x30, [sp], #48
  .cfi_adjust_cfa_offset -48
  .cfi_restore x29
  .cfi_restore x30
  cbz x16, 1f
  br x16
1:
  mov x0, x17
  ret
  .cfi_endproc
  .size dlmopen, . - dlmopen
#endif

  .section .note.GNU-stack, "", %progbits

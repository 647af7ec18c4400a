// syscall(number, …), as the C library has it. A call that may install a filter of system calls goes through
// arpent_call_that_may_filter (sandbox_calls.cpp) instead, with the same arguments.
#ifdef __CET__
#include <cet.h>
#else
#define _CET_ENDBR
#endif

#ifdef __x86_64__
#define SYS_prctl 157
#define SYS_seccomp 317

  .text
  .hidden arpent_call_that_may_filter
  .globl syscall
  .type syscall, @function
  .p2align 4
syscall:
  .cfi_startproc
  _CET_ENDBR
  cmpq $SYS_seccomp, %rdi
  je arpent_call_that_may_filter
  cmpq $SYS_prctl, %rdi
  je arpent_call_that_may_filter
  movq %rdi, %rax
  movq %rsi, %rdi
  movq %rdx, %rsi
  movq %rcx, %rdx
  movq %r8, %r10
  movq %r9, %r8
  movq 8(%rsp), %r9
  syscall
  cmpq $-4095, %rax
  jae 1f
  ret
1:
  negl %eax
  subq $24, %rsp
  .cfi_adjust_cfa_offset 24
  movl %eax, 12(%rsp)
  call __errno_location@PLT
  movl 12(%rsp), %ecx
  movl %ecx, (%rax)
  addq $24, %rsp
  .cfi_adjust_cfa_offset -24
  movq $-1, %rax
  ret
  .cfi_endproc
  .size syscall, . - syscall
#endif

#ifdef __aarch64__
#define SYS_prctl 167
#define SYS_seccomp 277

  .text
  .hidden arpent_call_that_may_filter
  .globl syscall
  .type syscall, %function
  .p2align 4
syscall:
  .cfi_startproc
  hint #34
  cmp x0, #SYS_seccomp
  b.eq arpent_call_that_may_filter
  cmp x0, #SYS_prctl
  b.eq arpent_call_that_may_filter
  mov x8, x0
  mov x0, x1
  mov x1, x2
  mov x2, x3
  mov x3, x4
  mov x4, x5
  mov x5, x6
  svc #0
  cmn x0, #4095
  b.cs 1f
  ret
1:
  stp x29, x30, [sp, #-32]!
  .cfi_adjust_cfa_offset 32
  .cfi_rel_offset x29, 0
  .cfi_rel_offset x30, 8
  neg w0, w0
  str w0, [sp, #16]
  bl __errno_location
  ldr w1, [sp, #16]
  str w1, [x0]
  mov x0, #-1
  ldp x29, x30, [sp], #32
  .cfi_adjust_cfa_offset -32
  .cfi_restore x29
  .cfi_restore x30
  ret
  .cfi_endproc
  .size syscall, . - syscall
#endif

  .section .note.GNU-stack, "", %progbits

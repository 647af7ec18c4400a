// Stopping after every instruction: between these two calls the thread gets SIGTRAP after each. Only in one
// file of a program.
#pragma once

extern "C" {
void ar_test_begin_stepping();
void ar_test_end_stepping();
}

// In functions of their own, so that what they push is described to unwinders.
asm(R"(
.text
ar_test_begin_stepping:
  .cfi_startproc
  pushfq
  .cfi_adjust_cfa_offset 8
  orq $0x100, (%rsp)
  popfq
  .cfi_adjust_cfa_offset -8
  ret
  .cfi_endproc
ar_test_end_stepping:
  .cfi_startproc
  pushfq
  .cfi_adjust_cfa_offset 8
  andq $~0x100, (%rsp)
  popfq
  .cfi_adjust_cfa_offset -8
  ret
  .cfi_endproc
)");

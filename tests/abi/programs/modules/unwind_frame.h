// A function whose frame has a size of the including module's, at the same place in every such module: only
// the frame's size tells them apart.
#pragma once

__asm__(
    ".text\n"
    ".balign 4096\n"
    ".globl call_back\n"
    ".type call_back, @function\n"
    "call_back:\n"
    "  .cfi_startproc\n"
    "  subq $" FRAME_SIZE
    ", %rsp\n"
    "  .cfi_adjust_cfa_offset " FRAME_SIZE
    "\n"
    "  call *%rdi\n"
    "  addq $" FRAME_SIZE
    ", %rsp\n"
    "  .cfi_adjust_cfa_offset -" FRAME_SIZE
    "\n"
    "  ret\n"
    "  .cfi_endproc\n"
    ".size call_back, . - call_back\n");

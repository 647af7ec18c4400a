// Whether the process has put itself into a sandbox: a filter (seccomp) that may end it at any system call
// but those that it needs itself. The C library's malloc needs a few, so a heap may go on making these;
// everything else that asks the system is then refused here, as if the system had refused it, and what it
// would have told is not known.
//
// A filter that was there when the program started let the loader pass, and is no sandbox in this sense.
#pragma once

#include <sys/syscall.h>

#include "platform/shared_field.hpp"

namespace ar::platform {

// Only for is_sandboxed().
[[gnu::visibility("hidden")]] extern constinit bool sandbox_entered;

[[nodiscard]] inline bool is_sandboxed() noexcept { return load_relaxed(sandbox_entered); }

// Returns how it was.
bool set_sandboxed(bool on) noexcept;

// The system calls that malloc of the C library makes too, and those that end the process or say why.
[[nodiscard]] constexpr bool is_allowed_in_sandbox(long number) noexcept {
  switch (number) {
    case SYS_mmap:
    case SYS_munmap:
    case SYS_mremap:
    case SYS_mprotect:
    case SYS_futex:
    case SYS_write:
    case SYS_exit_group:
      return true;
    default:
      return false;
  }
}

}  // namespace ar::platform

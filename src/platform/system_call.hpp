// System calls that leave errno alone: what runs inside malloc and free must not disturb it.
#pragma once

#include <unistd.h>
#include <cerrno>

#include "platform/sandbox.hpp"

namespace ar::platform {

// Returns the kernel's result: negative errno on failure; in a sandbox (sandbox.hpp), -EPERM for all but a
// few.
template <typename... Arguments>
inline long system_call(long number, Arguments... arguments) noexcept {
  if (is_sandboxed() && !is_allowed_in_sandbox(number)) {
    return -EPERM;
  }
  const int saved = errno;
  const long result = ::syscall(number, static_cast<long>(arguments)...);
  const long outcome = result == -1 ? -static_cast<long>(errno) : result;
  errno = saved;
  return outcome;
}

}  // namespace ar::platform

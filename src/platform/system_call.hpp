// System calls that leave errno alone: what runs inside malloc and free must not disturb it.
#pragma once

#include <unistd.h>
#include <cerrno>

namespace ar::platform {

// Returns the kernel's result: negative errno on failure.
template <typename... Arguments>
inline long system_call(long number, Arguments... arguments) noexcept {
  const int saved = errno;
  const long result = ::syscall(number, static_cast<long>(arguments)...);
  const long outcome = result == -1 ? -static_cast<long>(errno) : result;
  errno = saved;
  return outcome;
}

}  // namespace ar::platform

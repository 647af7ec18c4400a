// Coarse clocks: cheap enough for slow paths of the allocator (no system call).
#pragma once

#include <cstdint>
#include <ctime>

namespace ar::platform {

// Milliseconds of a clock that never goes backwards; resolution of a few milliseconds.
[[nodiscard]] inline std::int64_t monotonic_milliseconds() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1000000;
}

// Seconds since 1970.
[[nodiscard]] inline std::int64_t wall_clock_seconds() noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return static_cast<std::int64_t>(now.tv_sec);
}

}  // namespace ar::platform

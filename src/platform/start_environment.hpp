// What the process was started with, as the kernel keeps it. The program may have changed, cleared or broken
// its own copy by the time that a report is written; this reading cannot fault.
#pragma once

#include <cstddef>

namespace ar::platform {

// Only the variables that choose folders, language and time zone; never LD_PRELOAD nor ARPENT_….
// Not thread-safe; 16 KiB, so not for the stack of a signal handler.
class StartEnvironment {
 public:
  // Empty when the kernel does not tell (no /proc, a process that may not be inspected).
  void read() noexcept;

  // The variable's value, null when it was not set. Valid until the next read().
  [[nodiscard]] const char* value(const char* name) const noexcept;

  // "NAME=value", ended by null, as execve wants it.
  [[nodiscard]] char* const* entries() const noexcept { return entries_; }

 private:
  static constexpr std::size_t capacity_ = 16384;
  static constexpr std::size_t most_entries_ = 64;

  char text_[capacity_];
  char* entries_[most_entries_ + 1] = {};
  std::size_t count_ = 0;
};

}  // namespace ar::platform

#include "platform/start_environment.hpp"

#include <fcntl.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstring>

#include "platform/system_call.hpp"

namespace ar::platform {

namespace {

constexpr const char* wanted[] = {"PATH=",  "HOME=", "USER=", "LANG=",       "LANGUAGE=",        "LC_",
                                  "TZ=",    "TERM=", "XDG_",  "DEBUGINFOD_", "LD_LIBRARY_PATH=", "NO_COLOR=",
                                  "TMPDIR="};

bool is_wanted(const char* entry) noexcept {
  for (const char* start : wanted) {
    if (std::strncmp(entry, start, std::strlen(start)) == 0) {
      return true;
    }
  }
  return false;
}

}  // namespace

void StartEnvironment::read() noexcept {
  count_ = 0;
  entries_[0] = nullptr;
  const long file =
      system_call(SYS_openat, AT_FDCWD, reinterpret_cast<long>("/proc/self/environ"), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    return;
  }
  char chunk[1024];
  std::size_t start = 0;
  std::size_t end = 0;
  bool too_long = false;
  while (count_ < most_entries_) {
    const long got = system_call(SYS_read, file, reinterpret_cast<long>(chunk), sizeof chunk);
    if (got == -EINTR) {
      continue;
    }
    if (got <= 0) {
      break;
    }
    for (long i = 0; i < got && count_ < most_entries_; ++i) {
      if (chunk[i] != '\0') {
        too_long = too_long || end + 1 == capacity_;
        if (!too_long) {
          text_[end++] = chunk[i];
        }
        continue;
      }
      text_[end] = '\0';
      if (!too_long && is_wanted(text_ + start)) {
        entries_[count_++] = text_ + start;
        start = end + 1 < capacity_ ? end + 1 : start;
      }
      end = start;
      too_long = false;
    }
  }
  entries_[count_] = nullptr;
  system_call(SYS_close, file);
}

const char* StartEnvironment::value(const char* name) const noexcept {
  const std::size_t length = std::strlen(name);
  for (std::size_t i = 0; i < count_; ++i) {
    if (std::strncmp(entries_[i], name, length) == 0 && entries_[i][length] == '=') {
      return entries_[i] + length + 1;
    }
  }
  return nullptr;
}

}  // namespace ar::platform

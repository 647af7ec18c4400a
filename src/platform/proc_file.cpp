#include "platform/proc_file.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <cstring>

#include "platform/system_call.hpp"

namespace ar::platform {

namespace {

long open_for_reading(const char* path, int more_flags) noexcept {
  return system_call(SYS_openat, AT_FDCWD, reinterpret_cast<long>(path), O_RDONLY | O_CLOEXEC | more_flags,
                     0);
}

bool set_descriptor_limit(const rlimit64& limit) noexcept {
  return system_call(SYS_prlimit64, 0, RLIMIT_NOFILE, reinterpret_cast<long>(&limit), 0) == 0;
}

}  // namespace

ProcFile::ProcFile(const char* path, int more_flags) noexcept
    : descriptor_(open_for_reading(path, more_flags)) {
  if (descriptor_ != -EMFILE) {
    return;
  }
  constexpr rlim64_t more = 16;
  rlimit64 before{};
  if (system_call(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, reinterpret_cast<long>(&before)) != 0) {
    return;
  }
  rlimit64 raised = before;
  raised.rlim_cur = before.rlim_max - before.rlim_cur < more ? before.rlim_max : before.rlim_cur + more;
  if (set_descriptor_limit(raised)) {
    descriptor_ = open_for_reading(path, more_flags);
    set_descriptor_limit(before);
  }
}

ProcFile::~ProcFile() {
  if (is_open()) {
    system_call(SYS_close, descriptor_);
  }
}

long ProcFile::read(void* buffer, std::size_t size) const noexcept {
  return system_call(SYS_read, descriptor_, reinterpret_cast<long>(buffer), size);
}

long ProcFile::read_at(std::uint64_t offset, void* buffer, std::size_t size) const noexcept {
  return system_call(SYS_pread64, descriptor_, reinterpret_cast<long>(buffer), size, offset);
}

bool ProcFile::read_text(char* buffer, std::size_t size) const noexcept {
  std::size_t used = 0;
  while (is_open() && used + 1 < size) {
    const long got = read(buffer + used, size - 1 - used);
    if (got <= 0) {
      break;
    }
    used += static_cast<std::size_t>(got);
  }
  buffer[used] = '\0';
  return used != 0;
}

bool system_calls_are_filtered() noexcept {
  char status[4096];
  const ProcFile file("/proc/thread-self/status");
  if (!file.read_text(status, sizeof status)) {
    return true;
  }
  const char* line = std::strstr(status, "\nSeccomp:\t");
  return line != nullptr &&
         line[sizeof "\nSeccomp:\t" - 1] == '2';  // a kernel without seccomp has no such line
}

}  // namespace ar::platform

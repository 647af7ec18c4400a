#include "abi/preload/notice.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>

#include "platform/system_call.hpp"

namespace ar::abi {

namespace {

char* append_number(char* out, std::uint32_t value) noexcept {
  char digits[10];
  std::size_t count = 0;
  do {
    digits[count++] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  while (count != 0) {
    *out++ = digits[--count];
  }
  return out;
}

}  // namespace

bool Notice::write_name(const char* folder, std::int32_t pid, unsigned number) noexcept {
  constexpr char ending[] = ".untracked";
  constexpr std::size_t longest_numbers = sizeof "/4294967295.4294967295";
  const std::size_t length = std::strlen(folder);
  if (length + longest_numbers + sizeof ending > sizeof name_) {
    return false;
  }
  std::memcpy(name_, folder, length);
  char* out = name_ + length;
  *out++ = '/';
  out = append_number(out, static_cast<std::uint32_t>(pid));
  *out++ = '.';
  out = append_number(out, number);
  std::memcpy(out, ending, sizeof ending);
  return true;
}

void Notice::write(const char* folder, std::int32_t pid, std::int32_t parent_pid, track::Obstacle obstacle,
                   const char* program) noexcept {
  constexpr unsigned most_of_one_process = 1000;  // numbers of processes are used again
  long descriptor = -1;
  for (unsigned number = 0; number < most_of_one_process; ++number) {
    if (folder == nullptr || !write_name(folder, pid, number)) {
      break;
    }
    descriptor = platform::system_call(SYS_openat, AT_FDCWD, reinterpret_cast<long>(name_),
                                       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (descriptor != -EEXIST) {
      break;
    }
  }
  if (descriptor < 0) {
    name_[0] = '\0';
    return;
  }
  track::UntrackedNotice notice{track::notice_magic, pid, parent_pid, obstacle, 0};
  const iovec parts[] = {{&notice, sizeof notice}, {const_cast<char*>(program), std::strlen(program)}};
  platform::system_call(SYS_writev, descriptor, reinterpret_cast<long>(parts), 2);
  platform::system_call(SYS_close, descriptor);
}

void Notice::remove() noexcept {
  if (name_[0] != '\0') {
    platform::system_call(SYS_unlinkat, AT_FDCWD, reinterpret_cast<long>(name_), 0);
    name_[0] = '\0';
  }
}

}  // namespace ar::abi

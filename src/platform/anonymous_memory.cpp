#include "platform/anonymous_memory.hpp"

#include <fcntl.h>
#include <sys/syscall.h>

#include "platform/system_call.hpp"

namespace ar::platform {

namespace {

// Takes /proc/self/maps in, a character at a time: "start-end perms offset device inode   path".
class LineReader {
 public:
  explicit LineReader(std::uintptr_t address) noexcept : address_(address) {}

  // True once the line that holds the address is complete.
  bool take(char letter) noexcept {
    if (letter == '\n') {
      const bool here = address_ >= start_ && address_ < end_;
      anonymous_ = path_first_ == '\0' || heap_;
      *this = LineReader(address_, here, anonymous_);
      return here;
    }
    if (field_ == 0) {
      if (letter == '-') {
        start_ = end_;
        end_ = 0;
      } else if (letter != ' ') {
        end_ = end_ * 16 + static_cast<std::uintptr_t>(letter <= '9' ? letter - '0' : letter - 'a' + 10);
      }
    }
    if (letter == ' ') {
      field_ += previous_ != ' ' ? 1 : 0;
    } else if (field_ >= 5) {
      path_letters_ += 1;
      path_first_ = path_letters_ == 1 ? letter : path_first_;
      heap_ = path_letters_ == 2 ? (path_first_ == '[' && (letter == 'h' || letter == 'a'))
                                 : heap_;  // [heap], [anon:…]
    }
    previous_ = letter;
    return false;
  }

  [[nodiscard]] bool anonymous() const noexcept { return anonymous_; }

 private:
  LineReader(std::uintptr_t address, bool, bool anonymous) noexcept
      : address_(address), anonymous_(anonymous) {}

  std::uintptr_t address_;
  std::uintptr_t start_ = 0;
  std::uintptr_t end_ = 0;
  int field_ = 0;
  int path_letters_ = 0;
  char previous_ = '\0';
  char path_first_ = '\0';
  bool heap_ = false;
  bool anonymous_ = false;
};

}  // namespace

bool is_anonymous_memory(std::uintptr_t address) noexcept {
  const long descriptor =
      system_call(SYS_openat, AT_FDCWD, reinterpret_cast<long>("/proc/self/maps"), O_RDONLY | O_CLOEXEC, 0);
  if (descriptor < 0) {
    return false;
  }
  LineReader reader(address);
  bool found = false;
  char chunk[1024];
  for (long got = 1; got > 0 && !found;) {
    got = system_call(SYS_read, descriptor, reinterpret_cast<long>(chunk), sizeof chunk);
    for (long i = 0; i < got && !found; ++i) {
      found = reader.take(chunk[i]);
    }
  }
  system_call(SYS_close, descriptor);
  return found && reader.anonymous();
}

}  // namespace ar::platform

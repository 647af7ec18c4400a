#include "platform/mappings.hpp"

#include <cstring>

#include "platform/proc_file.hpp"

namespace ar::platform {

namespace {

bool starts_with(const char* text, const char* beginning) noexcept {
  return std::strncmp(text, beginning, std::strlen(beginning)) == 0;
}

MappingKind kind_of(const char* name) noexcept {
  if (name[0] == '\0') {
    return MappingKind::anonymous;
  }
  if (name[0] == '[') {
    if (std::strcmp(name, "[stack]") == 0) {
      return MappingKind::main_stack;
    }
    return starts_with(name, "[v") ? MappingKind::kernel : MappingKind::anonymous;  // [heap], [anon:…]
  }
  if (starts_with(name, "/dev/") && !starts_with(name, "/dev/shm/") && !starts_with(name, "/dev/zero")) {
    return MappingKind::device;
  }
  return MappingKind::file;
}

// Takes in "start-end perms offset device inode   name", a character at a time.
class LineReader {
 public:
  // True when the line is complete: mapping() is valid until the next call.
  bool take(char letter) noexcept {
    if (letter == '\n') {
      name_[name_length_] = '\0';
      mapping_.kind = kind_of(name_);
      begin_next_ = true;
      return true;
    }
    if (begin_next_) {
      *this = LineReader();
    }
    if (letter == ' ') {
      field_ += previous_ != ' ' ? 1 : 0;
    }
    if (field_ == 0) {
      take_address(letter);
    } else if (field_ == 1 && letter != ' ') {
      take_permission(letter);
    } else if (field_ >= 5 && name_length_ + 1 < sizeof name_ && (letter != ' ' || name_length_ > 0)) {
      name_[name_length_++] = letter;
    }
    previous_ = letter;
    return false;
  }

  [[nodiscard]] const Mapping& mapping() const noexcept { return mapping_; }

 private:
  void take_address(char letter) noexcept {
    if (letter == '-') {
      mapping_.start = mapping_.end;
      mapping_.end = 0;
    } else {
      mapping_.end =
          mapping_.end * 16 + static_cast<std::uintptr_t>(letter <= '9' ? letter - '0' : letter - 'a' + 10);
    }
  }

  void take_permission(char letter) noexcept {
    mapping_.readable = mapping_.readable || letter == 'r';
    mapping_.writable = mapping_.writable || letter == 'w';
    mapping_.shared = mapping_.shared || letter == 's';
  }

  Mapping mapping_;
  unsigned field_ = 0;
  char previous_ = '\0';
  bool begin_next_ = false;
  char name_[16] = {};  // as much as tells the kinds apart
  std::size_t name_length_ = 0;
};

}  // namespace

bool for_each_mapping(MappingVisitor visit, void* context) noexcept {
  // Not /proc/self: that shows nothing once the process's first thread has ended.
  const ProcFile file("/proc/thread-self/maps");
  if (!file.is_open()) {
    return false;
  }
  LineReader reader;
  bool any = false;
  char chunk[2048];
  for (;;) {
    const long got = file.read(chunk, sizeof chunk);
    if (got <= 0) {
      return got == 0 && any;
    }
    for (long i = 0; i < got; ++i) {
      if (reader.take(chunk[i])) {
        any = true;
        if (!visit(reader.mapping(), context)) {
          return true;
        }
      }
    }
  }
}

}  // namespace ar::platform

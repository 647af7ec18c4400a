#include "abi/report_file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <initializer_list>

#include "platform/system_call.hpp"

namespace ar::abi {

using platform::system_call;

namespace {

constexpr int patience_milliseconds = 20000;  // with a reader that does not read
constexpr unsigned most_tries = 100;
constexpr std::size_t longest_number = 12;

char start_directory[PATH_MAX];  // empty when it is not known
char target[PATH_MAX];
char raw_path[PATH_MAX];
char symbolized_path[PATH_MAX];
char present_directory[PATH_MAX];
unsigned scratch_number = 0;

long address_of(const void* pointer) noexcept { return reinterpret_cast<long>(pointer); }

void read_directory(char (&directory)[PATH_MAX]) noexcept {
  if (system_call(SYS_getcwd, address_of(directory), sizeof directory) <= 0 || directory[0] != '/') {
    directory[0] = '\0';  // removed, out of reach, or too long
  }
}

// Before main and before any constructor of the program's own, so that it cannot have gone elsewhere.
__attribute__((constructor(101))) void remember_start_directory() noexcept {
  read_directory(start_directory);
}

// Text is cut where it does not fit; the callers see to it that it does.
class PathWriter {
 public:
  PathWriter(char* path, std::size_t capacity) noexcept : path_(path), capacity_(capacity) {
    path_[0] = '\0';
  }
  PathWriter& text(const char* string, std::size_t length) noexcept {
    const std::size_t room = capacity_ - 1 - used_;
    const std::size_t part = length < room ? length : room;
    std::memcpy(path_ + used_, string, part);
    used_ += part;
    path_[used_] = '\0';
    return *this;
  }
  PathWriter& text(const char* string) noexcept { return text(string, std::strlen(string)); }
  PathWriter& number(unsigned long value) noexcept {
    char digits[longest_number];
    std::size_t first = sizeof digits;
    do {
      digits[--first] = static_cast<char>('0' + value % 10);
      value /= 10;
    } while (value != 0 && first > 0);
    return text(digits + first, sizeof digits - first);
  }

 private:
  char* path_;
  std::size_t capacity_;
  std::size_t used_ = 0;
};

// The descriptor that the path is another name of, or -1.
int named_descriptor(const char* path) noexcept {
  if (std::strcmp(path, "/dev/stdout") == 0) {
    return 1;
  }
  if (std::strcmp(path, "/dev/stderr") == 0) {
    return 2;
  }
  for (const char* folder : {"/dev/fd/", "/proc/self/fd/"}) {
    const std::size_t length = std::strlen(folder);
    if (std::strncmp(path, folder, length) != 0) {
      continue;
    }
    int descriptor = 0;
    const char* digit = path + length;
    for (; *digit >= '0' && *digit <= '9' && descriptor < INT_MAX / 10 - 1; ++digit) {
      descriptor = descriptor * 10 + (*digit - '0');
    }
    return digit != path + length && *digit == '\0' ? descriptor : -1;
  }
  return -1;
}

// A program that closed its standard streams must not find our file in their place.
int above_standard(long descriptor) noexcept {
  if (descriptor < 0 || descriptor > 2) {
    return static_cast<int>(descriptor);
  }
  const long moved = system_call(SYS_fcntl, descriptor, F_DUPFD_CLOEXEC, 3);
  system_call(SYS_close, descriptor);
  return static_cast<int>(moved);
}

}  // namespace

int ScratchFile::clear() const noexcept {
  const long cut = system_call(SYS_ftruncate, descriptor_, 0);
  const long moved = cut < 0 ? cut : system_call(SYS_lseek, descriptor_, 0, SEEK_SET);
  return moved < 0 ? static_cast<int>(-moved) : 0;
}

void ScratchFile::discard() noexcept {
  if (path_[0] != '\0') {
    system_call(SYS_unlinkat, AT_FDCWD, address_of(path_), 0);
    path_[0] = '\0';
  }
  if (descriptor_ >= 0) {
    system_call(SYS_close, descriptor_);
    descriptor_ = -1;
  }
}

ReportFile::ReportFile(const char* path, unsigned number) noexcept
    : raw_(raw_path, sizeof raw_path), symbolized_(symbolized_path, sizeof symbolized_path) {
  raw_path[0] = '\0';
  symbolized_path[0] = '\0';
  shown_ = path;
  if (!is_descriptor(path)) {
    resolve(path, number);
  }
}

ReportFile::~ReportFile() {
  if (close_direct_) {
    system_call(SYS_close, direct_);
  }
}

bool ReportFile::fail(const char* obstacle, int error) noexcept {
  obstacle_ = obstacle;
  error_ = error;
  raw_.discard();
  symbolized_.discard();
  return false;
}

bool ReportFile::is_descriptor(const char* path) noexcept {
  direct_ = named_descriptor(path);
  if (direct_ < 0) {
    return false;
  }
  if (const long flags = system_call(SYS_fcntl, direct_, F_GETFL); flags < 0) {
    fail("it is closed", 0);
  } else if ((flags & O_ACCMODE) == O_RDONLY) {
    fail("it is open only for reading", 0);
  }
  return true;
}

void ReportFile::resolve(const char* path, unsigned number) noexcept {
  read_directory(present_directory);
  const bool absolute = path[0] == '/';
  const char* const start = absolute ? "" : start_directory;
  const std::size_t start_length = std::strlen(start);
  if (start_length + std::strlen(path) + longest_number + 2 > sizeof target) {
    fail("the path is too long", 0);
    return;
  }
  PathWriter writer{target, sizeof target};
  writer.text(start).text(start_length > 1 ? "/" : "");
  const char* const as_given = target + std::strlen(target);
  writer.text(path);
  shown_ = std::strcmp(present_directory, start) == 0 ? as_given : target;

  struct stat status{};
  const long found =
      system_call(SYS_newfstatat, AT_FDCWD, address_of(target), address_of(&status), AT_SYMLINK_NOFOLLOW);
  if ((found == 0 && S_ISREG(status.st_mode)) || found == -ENOENT) {
    if (number != 0) {
      writer.text(".").number(number);
      status = {};
      system_call(SYS_newfstatat, AT_FDCWD, address_of(target), address_of(&status), AT_SYMLINK_NOFOLLOW);
    }
  } else if (found < 0) {
    fail("it cannot be reached", static_cast<int>(-found));
    return;
  }
  switch (status.st_mode & S_IFMT) {
    case 0:  // nothing there yet
    case S_IFREG:
      break;
    case S_IFCHR:
    case S_IFIFO:
      open_directly();
      break;
    case S_IFLNK:
      fail("it is a symbolic link, and links are not followed", 0);
      break;
    case S_IFDIR:
      fail("it is a directory", 0);
      break;
    default:
      fail("it is neither a regular file, a pipe nor a character device", 0);
      break;
  }
}

void ReportFile::open_directly() noexcept {
  const long opened = system_call(SYS_openat, AT_FDCWD, address_of(target),
                                  O_WRONLY | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  direct_ = above_standard(opened);
  if (direct_ < 0) {
    fail(direct_ == -ENXIO ? "nobody reads from the pipe" : "it cannot be opened",
         direct_ == -ENXIO ? 0 : -direct_);
    direct_ = -1;
    return;
  }
  close_direct_ = true;
  struct stat status{};
  system_call(SYS_fstat, direct_, address_of(&status));
  if (!S_ISCHR(status.st_mode) && !S_ISFIFO(status.st_mode)) {
    fail("it was changed to something else just now", 0);
  }
}

bool ReportFile::open_scratch(ScratchFile& file) noexcept {
  if (direct_ >= 0) {
    file.descriptor_ =
        above_standard(system_call(SYS_memfd_create, address_of("arpent-report"), MFD_CLOEXEC));
    return file.descriptor_ >= 0 || fail("there is no memory for it", -file.descriptor_);
  }
  const char* const slash = std::strrchr(target, '/');
  const std::size_t folder_length = slash == nullptr ? 0 : static_cast<std::size_t>(slash - target) + 1;
  long opened = -EEXIST;
  for (unsigned i = 0; i < most_tries && opened == -EEXIST; ++i) {
    PathWriter writer{file.path_, file.capacity_};
    writer.text(target, folder_length).text(".arpent-report-");
    writer.number(static_cast<unsigned long>(system_call(SYS_getpid)))
        .text("-")
        .number(++scratch_number % 100000);
    opened = std::strlen(file.path_) + 1 == file.capacity_
                 ? -ENAMETOOLONG
                 : system_call(SYS_openat, AT_FDCWD, address_of(file.path_),
                               O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
  }
  if (opened < 0) {
    file.path_[0] = '\0';
    return fail("no file can be made in its folder", static_cast<int>(-opened));
  }
  file.descriptor_ = above_standard(opened);
  if (file.descriptor_ < 0) {
    return fail("no file can be made in its folder", -file.descriptor_);
  }
  system_call(SYS_fchmod, file.descriptor_, S_IRUSR | S_IWUSR);  // whatever the umask says
  return true;
}

bool ReportFile::open_scratch() noexcept {
  return obstacle_ == nullptr && open_scratch(raw_) && open_scratch(symbolized_);
}

bool ReportFile::copy_directly(const ScratchFile& file) noexcept {
  char chunk[1024];
  system_call(SYS_lseek, file.descriptor_, 0, SEEK_SET);
  for (;;) {
    const long got = system_call(SYS_read, file.descriptor_, address_of(chunk), sizeof chunk);
    if (got <= 0) {
      return got == 0 || fail("it cannot be written", static_cast<int>(-got));
    }
    for (long written = 0; written < got;) {
      const long part = system_call(SYS_write, direct_, address_of(chunk + written), got - written);
      if (part > 0) {
        written += part;
        continue;
      }
      pollfd writable{direct_, POLLOUT, 0};
      const timespec patience{patience_milliseconds / 1000, 0};
      if (part != -EINTR && (part != -EAGAIN || system_call(SYS_ppoll, address_of(&writable), 1,
                                                            address_of(&patience), 0, 0) == 0)) {
        return fail(part == -EAGAIN ? "its reader does not read" : "it cannot be written",
                    part == -EAGAIN ? 0 : static_cast<int>(-part));
      }
    }
  }
}

bool ReportFile::deliver(ScratchFile& file) noexcept {
  if (direct_ >= 0) {
    return copy_directly(file);
  }
  const long renamed =
      system_call(SYS_renameat2, AT_FDCWD, address_of(file.path_), AT_FDCWD, address_of(target), 0);
  if (renamed < 0) {
    return fail("it cannot be replaced", static_cast<int>(-renamed));
  }
  file.path_[0] = '\0';
  return true;
}

}  // namespace ar::abi

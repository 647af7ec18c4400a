#include "arpent/common/report_target.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "profile/model/text_format.hpp"

namespace ar::command {
namespace {

std::unexpected<std::string> failure(const std::string& name, int error) {
  return std::unexpected(fmt::format("the report cannot be written to '{}': {}", profile::printable(name),
                                     profile::reason(error)));
}

// A new file beside `path`, open for writing; its name goes to `name`. -1 and errno when that fails.
int create_beside(const std::filesystem::path& path, Readers readers, std::string& name) {
  name = path.string() + ".XXXXXX";
  const int descriptor = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor < 0) {
    return -1;
  }
  // mkostemp leaves 0600. A file of this user's that is replaced keeps its mode; that of a file which another
  // user has put there would be the other's choice.
  struct stat status{};
  const mode_t mask = ::umask(0);
  ::umask(mask);
  const mode_t usual = readers == Readers::owner_only ? 0600U : 0666U & ~mask;
  const bool is_own = ::stat(path.c_str(), &status) == 0 && status.st_uid == ::geteuid();
  const mode_t mode = is_own ? status.st_mode & 07777U : usual;
  [[maybe_unused]] const int kept = ::fchmod(descriptor, mode);
  return descriptor;
}

}  // namespace

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {  // the program that shares it made it so
      pollfd ready{.fd = descriptor, .events = POLLOUT, .revents = 0};
      ::poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

std::expected<ReportTarget, std::string> ReportTarget::open(const std::string& file, Readers readers) {
  ReportTarget target;
  target.readers_ = readers;
  if (file.empty()) {
    return target;
  }
  target.name_ = file;
  std::error_code error;
  target.path_ = std::filesystem::absolute(file, error);
  struct stat status{};
  if (::stat(file.c_str(), &status) == 0) {
    target.replace_ = S_ISREG(status.st_mode);
    if (S_ISDIR(status.st_mode)) {
      return failure(file, EISDIR);
    }
    if (::access(file.c_str(), W_OK) != 0) {
      return failure(file, errno);
    }
    if (!target.replace_) {
      return target;
    }
    target.path_ = std::filesystem::canonical(file, error);
    if (error) {
      return failure(file, error.value());
    }
  } else if (errno == ENOENT && ::lstat(file.c_str(), &status) != 0) {
    target.replace_ = true;
  } else {  // a link to nothing, or a part of the path that is no folder
    return failure(file, errno == 0 ? ENOENT : errno);
  }
  std::string trial;
  const int descriptor = create_beside(target.path_, readers, trial);
  if (descriptor < 0) {
    return failure(file, errno);
  }
  ::close(descriptor);
  ::unlink(trial.c_str());
  return target;
}

std::expected<void, std::string> ReportTarget::write(std::string_view text) const {
  if (is_standard_error()) {
    if (!write_all(STDERR_FILENO, text)) {
      return std::unexpected(
          fmt::format("the report cannot be written to standard error: {}", profile::reason(errno)));
    }
    return {};
  }
  if (!replace_) {
    const int descriptor = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY | O_APPEND);
    const bool written = descriptor >= 0 && write_all(descriptor, text);
    const int error = errno;
    if (descriptor >= 0) {
      ::close(descriptor);
    }
    return written ? std::expected<void, std::string>{} : failure(name_, error);
  }
  std::string draft;
  const int descriptor = create_beside(path_, readers_, draft);
  if (descriptor < 0) {
    return failure(name_, errno);
  }
  bool done = write_all(descriptor, text);
  int error = errno;
  if (::close(descriptor) != 0 && done) {
    done = false;
    error = errno;
  }
  if (done && ::rename(draft.c_str(), path_.c_str()) != 0) {
    done = false;
    error = errno;
  }
  if (!done) {
    ::unlink(draft.c_str());
    return failure(name_, error);
  }
  return {};
}

}  // namespace ar::command

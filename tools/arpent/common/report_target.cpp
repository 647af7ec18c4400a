#include "arpent/common/report_target.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "arpent/common/descriptor.hpp"
#include "arpent/common/trusted_links.hpp"
#include "arpent/common/trusted_path.hpp"
#include "profile/model/text_format.hpp"

namespace ar::command {
namespace {

std::unexpected<std::string> failure(const std::string& name, std::string_view why) {
  return std::unexpected(
      fmt::format("the report cannot be written to '{}': {}", profile::printable(name), why));
}

std::unexpected<std::string> failure(const std::string& name, int error) {
  return failure(name, profile::reason(error));
}

// Any user can put a pipe where a report is expected, and read the report from it.
bool is_pipe_of_another(const struct stat& status) {
  return S_ISFIFO(status.st_mode) && status.st_uid != ::geteuid() && status.st_uid != 0;
}

constexpr std::string_view pipe_of_another = "it is another user's pipe";

// Whether the mode of the file that is replaced is this user's choice for what this path names: another user
// may have put theirs there, or moved or linked another of ours to it.
bool has_mode_of_ours(const std::filesystem::path& path, const struct stat& file) {
  const auto folder = open_folder(path.parent_path());
  struct stat status{};
  return file.st_uid == ::geteuid() && folder && folder->is_held &&
         ::fstat(folder->descriptor.number(), &status) == 0 && holds_entries(status, file.st_uid) &&
         (!others_may_write(status) || file.st_nlink == 1);
}

// A new file beside `path`, open for writing; its name goes to `name`. -1 and errno when that fails.
int create_beside(const std::filesystem::path& path, Readers readers, std::string& name) {
  name = path.string() + ".XXXXXX";
  const int descriptor = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor < 0) {
    return -1;
  }
  // mkostemp leaves 0600.
  struct stat status{};
  const mode_t mask = ::umask(0);
  ::umask(mask);
  const mode_t usual = readers == Readers::owner_only ? 0600U : 0666U & ~mask;
  const mode_t mode =
      ::stat(path.c_str(), &status) == 0 && has_mode_of_ours(path, status) ? status.st_mode & 0777U : usual;
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
  auto path = follow_trusted_links(file);
  if (!path) {
    return failure(file, "it " + path.error());
  }
  target.path_ = std::move(*path);
  const bool is_open_file = names_open_file(target.path_);
  struct stat status{};
  if ((is_open_file ? ::stat : ::lstat)(target.path_.c_str(), &status) == 0) {
    target.replace_ = S_ISREG(status.st_mode);
    if (S_ISDIR(status.st_mode)) {
      return failure(file, EISDIR);
    }
    if (!is_open_file && is_pipe_of_another(status)) {
      return failure(file, pipe_of_another);
    }
    if (::access(target.path_.c_str(), W_OK) != 0) {
      return failure(file, errno);
    }
    if (!target.replace_) {
      return target;
    }
    std::error_code error;
    target.path_ = std::filesystem::canonical(target.path_, error);
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
    return write_to_stream(text);
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

std::expected<void, std::string> ReportTarget::write_to_stream(std::string_view text) const {
  const bool is_open_file = names_open_file(path_);
  const Descriptor stream{
      ::open(path_.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY | O_APPEND | (is_open_file ? 0 : O_NOFOLLOW))};
  struct stat status{};
  if (!stream || ::fstat(stream.number(), &status) != 0) {
    return failure(name_, errno);
  }
  // Another user may have exchanged it since it was looked at.
  if (!is_open_file && is_pipe_of_another(status)) {
    return failure(name_, pipe_of_another);
  }
  if (S_ISREG(status.st_mode)) {
    return failure(name_, "a file has taken its place");
  }
  return write_all(stream.number(), text) ? std::expected<void, std::string>{} : failure(name_, errno);
}

}  // namespace ar::command

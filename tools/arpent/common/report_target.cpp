#include "arpent/common/report_target.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "arpent/common/descriptor.hpp"
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
bool has_mode_of_ours(const OpenFolder& folder, const struct stat& file) {
  struct stat status{};
  return file.st_uid == ::geteuid() && folder.is_held && ::fstat(folder.descriptor.number(), &status) == 0 &&
         holds_entries(status, file.st_uid) && (!others_may_write(status) || file.st_nlink == 1);
}

// A new file beside the place, open for writing; its name goes to `name`. None and errno when that fails.
Descriptor create_beside(const NamedPlace& place, Readers readers, std::string& name) {
  constexpr int most_tries = 100;
  const int folder = place.folder.descriptor.number();
  Descriptor created;
  for (int i = 0; i < most_tries && !created && (i == 0 || errno == EEXIST); ++i) {
    std::uint32_t random = 0;
    if (::getrandom(&random, sizeof random, 0) != sizeof random) {
      return {};
    }
    name = fmt::format("{}.{:08x}", place.name, random);
    created = Descriptor{
        ::openat(folder, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
  }
  if (!created) {
    return {};
  }
  struct stat status{};
  const mode_t mask = ::umask(0);
  ::umask(mask);
  const mode_t usual = readers == Readers::owner_only ? 0600U : 0666U & ~mask;
  const bool is_ours = ::fstatat(folder, place.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
                       has_mode_of_ours(place.folder, status);
  [[maybe_unused]] const int kept = ::fchmod(created.number(), is_ours ? status.st_mode & 0777U : usual);
  return created;
}

int look_up(const NamedPlace& place, struct stat& status) {
  return ::fstatat(place.folder.descriptor.number(), place.name.c_str(), &status,
                   place.is_open_file ? 0 : AT_SYMLINK_NOFOLLOW);
}

// The place of the regular file that one of the system's names of open files names.
std::expected<NamedPlace, PathFailure> place_of_open_file(const NamedPlace& open, const struct stat& file) {
  std::array<char, PATH_MAX> text{};
  const ssize_t length =
      ::readlinkat(open.folder.descriptor.number(), open.name.c_str(), text.data(), text.size());
  if (length <= 0) {
    return std::unexpected(PathFailure{.error = errno, .link = {}});
  }
  auto place = find_place(std::string_view{text.data(), static_cast<std::size_t>(length)});
  struct stat status{};
  // It may have been removed or moved.
  if (place &&
      (look_up(*place, status) != 0 || status.st_dev != file.st_dev || status.st_ino != file.st_ino)) {
    return std::unexpected(PathFailure{.error = ENOENT, .link = {}});
  }
  return place;
}

std::unexpected<std::string> failure(const std::string& name, const PathFailure& why) {
  return why.link.empty() ? failure(name, why.error) : failure(name, "it " + why.link);
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
  auto place = find_place(file);
  struct stat status{};
  const bool is_there = place && look_up(*place, status) == 0;
  if (is_there && place->is_open_file && S_ISREG(status.st_mode)) {
    place = place_of_open_file(*place, status);
  }
  if (!place) {
    return failure(file, place.error());
  }
  target.place_ = std::move(*place);
  const int folder = target.place_.folder.descriptor.number();
  if (is_there) {
    target.replace_ = S_ISREG(status.st_mode);
    if (S_ISDIR(status.st_mode)) {
      return failure(file, EISDIR);
    }
    if (!target.place_.is_open_file && is_pipe_of_another(status)) {
      return failure(file, pipe_of_another);
    }
    if (::faccessat(folder, target.place_.name.c_str(), W_OK, 0) != 0) {
      return failure(file, errno);
    }
    if (!target.replace_) {
      return target;
    }
  } else {
    target.replace_ = true;
  }
  std::string trial;
  if (!create_beside(target.place_, readers, trial)) {
    return failure(file, errno);
  }
  ::unlinkat(folder, trial.c_str(), 0);
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
  Descriptor created = create_beside(place_, readers_, draft);
  if (!created) {
    return failure(name_, errno);
  }
  const int folder = place_.folder.descriptor.number();
  bool done = write_all(created.number(), text);
  int error = errno;
  if (::close(created.release()) != 0 && done) {
    done = false;
    error = errno;
  }
  if (done && ::renameat(folder, draft.c_str(), folder, place_.name.c_str()) != 0) {
    done = false;
    error = errno;
  }
  if (!done) {
    ::unlinkat(folder, draft.c_str(), 0);
    return failure(name_, error);
  }
  return {};
}

std::expected<void, std::string> ReportTarget::write_to_stream(std::string_view text) const {
  const bool is_open_file = place_.is_open_file;
  const Descriptor stream{
      ::openat(place_.folder.descriptor.number(), place_.name.c_str(),
               O_WRONLY | O_CLOEXEC | O_NOCTTY | O_APPEND | (is_open_file ? 0 : O_NOFOLLOW))};
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

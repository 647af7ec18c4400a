#include "profile/read/input.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "profile/model/text_format.hpp"

namespace ar::profile {
namespace {

std::string last_error(std::string_view what) { return fmt::format("{}: {}", what, reason(errno)); }

}  // namespace

std::string too_large(std::uint64_t most) { return fmt::format("holds more than {} bytes", most); }

std::string too_large_profile(std::uint64_t most) { return too_large(most) + " (--max-input)"; }

std::expected<InputFile, std::string> InputFile::open(const std::filesystem::path& path, Streams streams,
                                                      Links links, int directory, std::string_view failing) {
  // A pipe without a writer opens at once, and no terminal becomes ours.
  const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (links == Links::refused ? O_NOFOLLOW : 0);
  InputFile file{::openat(directory, path.c_str(), flags), 0};
  if (file.descriptor_ < 0) {
    return std::unexpected(last_error(failing));
  }
  struct stat status{};
  if (::fstat(file.descriptor_, &status) != 0) {
    return std::unexpected(last_error(failing));
  }
  if (!S_ISREG(status.st_mode) && streams == Streams::refused) {
    return std::unexpected(std::string{"is not a regular file"});
  }
  if (S_ISDIR(status.st_mode)) {
    return std::unexpected(fmt::format("{}: {}", failing, reason(EISDIR)));
  }
  file.size_ = S_ISREG(status.st_mode) ? static_cast<std::uint64_t>(status.st_size) : 0;
  return file;
}

InputFile::~InputFile() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

std::expected<std::string, std::string> InputFile::read(std::uint64_t most) const {
  return read_stream(descriptor_, most);
}

std::expected<std::string, std::string> InputFile::read_at(std::uint64_t offset, std::uint64_t count) const {
  std::string bytes(count, '\0');
  std::size_t filled = 0;
  while (filled < count) {
    const ssize_t got =
        ::pread(descriptor_, bytes.data() + filled, count - filled, static_cast<off_t>(offset + filled));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return std::unexpected(last_error("cannot be read"));
    }
    if (got == 0) {
      break;
    }
    filled += static_cast<std::size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

std::expected<std::string, std::string> read_stream(int descriptor, std::uint64_t most) {
  std::string bytes;
  std::array<char, 1U << 16U> part;
  while (true) {
    // Before its first writer comes, a pipe that was opened without waiting would seem to have ended.
    pollfd ready{.fd = descriptor, .events = POLLIN, .revents = 0};
    if (::poll(&ready, 1, -1) < 0 && errno != EINTR) {
      return std::unexpected(last_error("cannot be read"));
    }
    const ssize_t got = ::read(descriptor, part.data(), part.size());
    if (got < 0 && errno != EINTR && errno != EAGAIN) {
      return std::unexpected(last_error("cannot be read"));
    }
    if (got == 0) {
      return bytes;
    }
    if (got > 0) {
      if (static_cast<std::uint64_t>(got) > most - bytes.size()) {
        return std::unexpected(too_large(most));
      }
      bytes.append(part.data(), static_cast<std::size_t>(got));
    }
  }
}

std::expected<std::string, std::string> read_input(const std::filesystem::path& path, Streams streams,
                                                   std::uint64_t most) {
  const auto file = InputFile::open(path, streams, Links::followed, AT_FDCWD, "cannot be read");
  return file ? file->read(most) : std::unexpected(file.error());
}

}  // namespace ar::profile

#include "ml/weight_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "ml/safetensors_header.hpp"

namespace ar::ml::safetensors {

namespace {

[[nodiscard]] std::string reason(int number) { return std::generic_category().message(number); }

// 0, or the number of the system's error.
[[nodiscard]] int prefault(void* start, std::size_t size) noexcept {
#ifdef MADV_POPULATE_READ
  constexpr int populate_read = MADV_POPULATE_READ;
#else
  constexpr int populate_read = 22;  // Linux 5.14 has it, glibc 2.36 does not name it everywhere
#endif
  while (::madvise(start, size, populate_read) != 0) {
    if (errno == EINVAL) {  // an older kernel: reading ahead is what it has
      return ::madvise(start, size, MADV_WILLNEED) == 0 ? 0 : errno;
    }
    if (errno != EAGAIN && errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

}  // namespace

WeightError in_file(const std::string& path, WeightError error) {
  if (!path.empty()) {
    error.text.insert(0, path + ": ");
  }
  return error;
}

WeightError File::error(WeightFault fault, const std::string& what) const {
  return in_file(*path_, safetensors::error(fault, nullptr, what));
}

std::expected<File, WeightError> File::open(const std::string& path) {
  // Not to wait for a pipe's other end.
  File file{path, ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.number_ < 0) {
    return std::unexpected(file.error(WeightFault::file, "cannot be opened: " + reason(errno)));
  }
  struct stat status{};
  if (::fstat(file.number_, &status) != 0) {
    return std::unexpected(file.error(WeightFault::file, "cannot be read: " + reason(errno)));
  }
  if (!S_ISREG(status.st_mode)) {
    return std::unexpected(file.error(WeightFault::file, "is no regular file"));
  }
  file.size_ = static_cast<std::size_t>(status.st_size);
  return file;
}

File::~File() {
  if (number_ >= 0) {
    ::close(number_);
  }
}

std::expected<void, WeightError> File::read(std::span<std::byte> bytes, std::size_t offset) const {
  while (!bytes.empty()) {
    const ssize_t count = ::pread(number_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return std::unexpected(error(WeightFault::file, "cannot be read: " + reason(errno)));
    }
    if (count == 0) {
      return std::unexpected(error(WeightFault::truncated, "became shorter while it was read"));
    }
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::size_t>(count);
  }
  return {};
}

std::expected<std::span<const std::byte>, WeightError> File::map(const MapOptions& options) const {
  if (size_ == 0) {
    return std::span<const std::byte>{};  // what has no bytes cannot be mapped
  }
  void* const start = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, number_, 0);
  if (start == MAP_FAILED) {
    return std::unexpected(error(WeightFault::file, "cannot be mapped: " + reason(errno)));
  }
  const auto failed = [&](WeightFault fault, const std::string& what, int number) {
    ::munmap(start, size_);
    return std::unexpected(error(fault, what + reason(number)));
  };
  if (options.huge_pages) {
    ::madvise(start, size_, MADV_HUGEPAGE);  // before any page is there; most file systems have no huge ones
  }
  if (options.lock && ::mlock(start, size_) != 0) {
    return failed(WeightFault::lock, "its pages cannot be locked (see ulimit -l): ", errno);
  }
  if (options.prefault) {
    if (const int number = prefault(start, size_); number != 0) {
      return failed(WeightFault::file, "its pages cannot be read: ", number);
    }
  }
  return std::span{static_cast<const std::byte*>(start), size_};
}

}  // namespace ar::ml::safetensors

#include "profile/read/region_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "profile/model/text_format.hpp"
#include "profile/read/compressed.hpp"
#include "profile/read/reader.hpp"
#include "track/region/profile_layout.hpp"

namespace ar::profile {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) {
      ::close(number_);
    }
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

std::string last_error(std::string_view what) { return fmt::format("{}: {}", what, reason(errno)); }

// Up to `size` bytes from the start; fewer when the file ends before.
std::expected<std::vector<std::byte>, std::string> read_bytes(int descriptor, std::size_t size) {
  std::vector<std::byte> bytes(size);
  std::size_t filled = 0;
  while (filled < size) {
    const ssize_t got = ::pread(descriptor, bytes.data() + filled, size - filled, static_cast<off_t>(filled));
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

}  // namespace

std::expected<Profile, std::string> read_profile_file(const std::filesystem::path& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
  if (file.number() < 0) {
    return std::unexpected(last_error("cannot be opened"));
  }
  struct stat status{};
  if (::fstat(file.number(), &status) != 0) {
    return std::unexpected(last_error("cannot be examined"));
  }
  if (!S_ISREG(status.st_mode)) {
    return std::unexpected(std::string{"is not a regular file"});
  }
  auto head = read_bytes(file.number(), sizeof(track::Header));
  if (!head) {
    return std::unexpected(head.error());
  }
  if (is_compressed(*head)) {
    const auto packed = read_bytes(file.number(), static_cast<std::size_t>(status.st_size));
    const auto image = packed ? decompress(*packed) : std::unexpected(packed.error());
    return image ? read_profile(*image) : std::unexpected(image.error());
  }
  if (head->size() < sizeof(track::Header)) {
    return read_profile(*head);
  }
  track::Header header;
  std::memcpy(&header, head->data(), sizeof header);
  if (header.magic != track::profile_magic) {
    return read_profile(*head);
  }
  if (header.used < sizeof header || header.used > static_cast<std::uint64_t>(status.st_size)) {
    header.used = sizeof header;  // damaged: read_profile says so by the header's own account
  }
  // The file may be larger than what is in use. A process that is still running appends meanwhile: records
  // that are linked in while we read lie there.
  const std::uint64_t appended_meanwhile = header.state == track::RunState::running ? 1U << 20U : 0;
  const auto size = std::min(header.used + appended_meanwhile, static_cast<std::uint64_t>(status.st_size));
  auto bytes = read_bytes(file.number(), size);
  if (!bytes) {
    return std::unexpected(bytes.error());
  }
  return read_profile(*bytes);
}

}  // namespace ar::profile

#include "arpent/run/kept_profile.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "arpent/common/report_target.hpp"
#include "profile/model/text_format.hpp"
#include "profile/read/compressed.hpp"
#include "track/region/profile_layout.hpp"

namespace ar::command {
namespace {

namespace fs = std::filesystem;

// "", ".123" or ".123.4" after FILE's name: how many files of the same process came before at least.
std::optional<unsigned> image_number(std::string_view ending) {
  unsigned numbers[2] = {};
  unsigned count = 0;
  while (!ending.empty()) {
    if (ending.front() != '.' || count == 2) {
      return std::nullopt;
    }
    const char* const end = ending.data() + ending.size();
    // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): it reads up to `end`
    const auto read = std::from_chars(ending.data() + 1, end, numbers[count++]);
    if (read.ec != std::errc{}) {
      return std::nullopt;
    }
    ending = {read.ptr, end};
  }
  return count == 0 ? 0 : 1 + numbers[1];
}

std::vector<std::byte> bytes_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  const auto bytes = std::as_bytes(std::span{text});
  return {bytes.begin(), bytes.end()};
}

// Replaces the file by its compressed form, at once.
std::expected<void, std::string> compress_file(const fs::path& file) {
  const std::vector<std::byte> raw = bytes_of(file);
  if (profile::is_compressed(raw)) {
    return {};
  }
  track::Header header;
  if (raw.size() < sizeof header) {
    return std::unexpected(std::string{"cannot be read"});
  }
  std::memcpy(&header, raw.data(), sizeof header);
  const auto packed =
      profile::compress(std::span{raw}.first(std::min<std::uint64_t>(header.used, raw.size())));
  if (!packed) {
    return std::unexpected(packed.error());
  }
  std::string name = file.string() + ".XXXXXX";
  const int descriptor = ::mkostemp(name.data(), O_CLOEXEC);  // 0600
  if (descriptor < 0) {
    return std::unexpected(fmt::format("cannot be compressed: {}", profile::reason(errno)));
  }
  const bool written = write_all(descriptor, {reinterpret_cast<const char*>(packed->data()), packed->size()});
  const int error = errno;
  ::close(descriptor);
  if (!written || ::rename(name.c_str(), file.c_str()) != 0) {
    const int failure = written ? errno : error;
    ::unlink(name.c_str());
    return std::unexpected(fmt::format("cannot be compressed: {}", profile::reason(failure)));
  }
  return {};
}

std::expected<void, std::string> exchange(const fs::path& one, const fs::path& other) {
  if (::renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE) != 0) {
    return std::unexpected(fmt::format("'{}' and '{}' cannot change places: {}",
                                       profile::printable(one.string()), profile::printable(other.string()),
                                       profile::reason(errno)));
  }
  return {};
}

}  // namespace

std::expected<KeptProfile, std::string> KeptProfile::at(const std::string& file) {
  std::error_code error;
  const fs::path path = fs::absolute(file, error).lexically_normal();
  const std::string shown = profile::printable(file);
  if (error || path.filename().empty()) {
    return std::unexpected(fmt::format("--profile: '{}' is not the name of a file", shown));
  }
  if (fs::symlink_status(path, error).type() != fs::file_type::not_found) {
    return std::unexpected(fmt::format(
        "--profile: '{}' exists already; it is not written over: remove it or name another", shown));
  }
  if (::access(path.parent_path().c_str(), W_OK | X_OK) != 0) {
    return std::unexpected(
        fmt::format("--profile: '{}' cannot be created: {}", shown, profile::reason(errno)));
  }
  constexpr std::size_t longest = 1000;  // with the numbers that may follow
  if (path.native().size() > longest) {
    return std::unexpected(
        fmt::format("--profile: the path of '{}' is longer than {} bytes", shown, longest));
  }
  // What file systems note is a little coarser than the clock.
  return KeptProfile{path, fs::file_time_type::clock::now() - std::chrono::seconds{1}};
}

ProfileCollection KeptProfile::collect(int pid, const profile::Ending& ending,
                                       const profile::Suppressions& suppressions) const {
  std::vector<ProfileFile> files;
  std::error_code error;
  const std::string name = path_.filename().string();
  for (fs::directory_iterator entry{path_.parent_path(), error}; !error && entry != fs::directory_iterator{};
       entry.increment(error)) {
    const std::string found = entry->path().filename().string();
    const auto number =
        found.starts_with(name) ? image_number(std::string_view{found}.substr(name.size())) : std::nullopt;
    std::error_code unknown;
    if (number && fs::last_write_time(entry->path(), unknown) >= since_ && !unknown) {
      files.push_back({.path = entry->path(), .pid = std::nullopt, .number = *number});
    }
  }
  return collect_profiles(files, pid, ending, suppressions);
}

std::expected<void, std::string> KeptProfile::settle(ProfileCollection& collection, bool keep_all) const {
  if (!collection.main) {
    return std::unexpected(
        fmt::format("--profile: no profile was written to '{}'", profile::printable(path_.string())));
  }
  if (fs::path& main = collection.main->file; main != path_) {
    if (const auto done = exchange(main, path_); !done) {
      return done;
    }
    for (profile::ProcessImage& image : collection.others) {
      if (image.file == path_) {
        image.file = main;
      }
    }
    main = path_;
  }
  const auto compress_image = [](const profile::ProcessImage& image) -> std::expected<void, std::string> {
    if (image.end == profile::ImageEnd::still_running) {
      return {};
    }
    auto done = compress_file(image.file);
    if (!done) {
      return std::unexpected(
          fmt::format("--profile: '{}' {}", profile::printable(image.file.string()), done.error()));
    }
    return done;
  };
  std::expected<void, std::string> result = compress_image(*collection.main);
  for (const profile::ProcessImage& image : collection.others) {
    if (!keep_all && image.profile.pid == collection.main->profile.pid) {
      std::error_code ignored;
      fs::remove(image.file, ignored);
    } else if (const auto done = compress_image(image); !done && result) {
      result = done;
    }
  }
  return result;
}

}  // namespace ar::command

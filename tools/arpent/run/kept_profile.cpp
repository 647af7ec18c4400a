#include "arpent/run/kept_profile.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "arpent/common/descriptor.hpp"
#include "arpent/common/report_target.hpp"
#include "arpent/common/trusted_path.hpp"
#include "profile/model/text_format.hpp"
#include "profile/read/compressed.hpp"
#include "profile/read/input.hpp"
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

// Makes the compressed form of a profile that lies in the folder, and returns its name there. The error is a
// clause that begins with a verb.
std::expected<std::string, std::string> compress_file(int folder, const std::string& name) {
  const auto file =
      profile::InputFile::open(name, profile::Streams::refused, profile::Links::refused, folder);
  const auto head = file ? file->read_at(0, sizeof(track::Header)) : std::unexpected(file.error());
  if (!head) {
    return std::unexpected(head.error());
  }
  track::Header header;
  if (head->size() < sizeof header) {
    return std::unexpected(std::string{"cannot be read"});
  }
  std::memcpy(&header, head->data(), sizeof header);
  const auto raw = file->read_at(0, std::min(header.used, file->size()));
  if (!raw) {
    return std::unexpected(raw.error());
  }
  const auto packed = profile::compress(std::as_bytes(std::span{*raw}));
  if (!packed) {
    return std::unexpected(packed.error());
  }
  std::string compressed = name + ".zst";
  const Descriptor descriptor{
      ::openat(folder, compressed.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
  if (!descriptor ||
      !write_all(descriptor.number(), {reinterpret_cast<const char*>(packed->data()), packed->size()})) {
    const int error = errno;
    if (descriptor) {
      ::unlinkat(folder, compressed.c_str(), 0);
    }
    return std::unexpected(fmt::format("cannot be compressed: {}", profile::reason(error)));
  }
  return compressed;
}

// Whether the system or the file system lacks renameat2's flags.
bool lacks_rename_flags(int error) { return error == EINVAL || error == ENOSYS; }

// Moves the file to a name that is free; errno says why that fails.
bool move_to_free_name(int from, const std::string& name, int to, const std::string& new_name) {
  if (::renameat2(from, name.c_str(), to, new_name.c_str(), RENAME_NOREPLACE) == 0) {
    return true;
  }
  if (!lacks_rename_flags(errno)) {
    return false;
  }
  if (::linkat(from, name.c_str(), to, new_name.c_str(), 0) == 0) {
    ::unlinkat(from, name.c_str(), 0);
    return true;
  }
  // Not every file system has links: an empty file of ours takes the name first.
  const Descriptor placeholder{
      ::openat(to, new_name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
  if (!placeholder) {
    return false;
  }
  const bool is_moved = ::renameat(from, name.c_str(), to, new_name.c_str()) == 0;
  if (!is_moved) {
    const int error = errno;
    ::unlinkat(to, new_name.c_str(), 0);
    errno = error;
  }
  return is_moved;
}

using FileIdentity = std::pair<dev_t, ino_t>;

std::optional<FileIdentity> identity_of(int folder, const std::string& name) {
  struct stat status{};
  return ::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0
             ? std::optional{FileIdentity{status.st_dev, status.st_ino}}
             : std::nullopt;
}

std::vector<FileIdentity> identities_in(int folder) {
  std::vector<FileIdentity> all;
  for (const std::string& name : names_in(folder).value_or(std::vector<std::string>{})) {
    if (const auto identity = identity_of(folder, name)) {
      all.push_back(*identity);
    }
  }
  return all;
}

// Whether it is one of these files by another name: a hard link that a process of this run made.
bool is_one_of(const std::vector<FileIdentity>& files, int folder, const std::string& name) {
  const auto identity = identity_of(folder, name);
  return identity && std::ranges::find(files, *identity) != files.end();
}

}  // namespace

std::expected<KeptProfile, std::string> KeptProfile::at(const std::string& file) {
  std::error_code error;
  const fs::path path = fs::absolute(file, error).lexically_normal();
  const std::string shown = profile::printable(file);
  if (error || path.filename().empty()) {
    return std::unexpected(fmt::format("--profile: '{}' is not the name of a file", shown));
  }
  auto folder = open_folder(path.parent_path());
  if (!folder) {
    const PathFailure& why = folder.error();
    return std::unexpected(why.link.empty() ? fmt::format("--profile: '{}' cannot be created: {}", shown,
                                                          profile::reason(why.error))
                                            : fmt::format("--profile: '{}' {}", shown, why.link));
  }
  const int parent = folder->descriptor.number();
  if (identity_of(parent, path.filename().string())) {
    return std::unexpected(fmt::format(
        "--profile: '{}' exists already; it is not written over: remove it or name another", shown));
  }
  if (::faccessat(parent, ".", W_OK | X_OK, 0) != 0) {
    return std::unexpected(
        fmt::format("--profile: '{}' cannot be created: {}", shown, profile::reason(errno)));
  }
  constexpr std::size_t longest = 1000;  // with the folder and the numbers that may be added
  if (path.native().size() > longest) {
    return std::unexpected(
        fmt::format("--profile: the path of '{}' is longer than {} bytes", shown, longest));
  }
  auto run_folder = PrivateDirectory::create_in(std::move(folder->descriptor), path.parent_path());
  if (!run_folder) {
    return std::unexpected(fmt::format("--profile: '{}' cannot be created: {}; name a FILE elsewhere", shown,
                                       run_folder.error()));
  }
  return KeptProfile{path, std::move(*run_folder)};
}

bool KeptProfile::is_profile(const std::string& name) const {
  return name.starts_with(name_) && image_number(std::string_view{name}.substr(name_.size()));
}

ProfileCollection KeptProfile::collect(int pid, const profile::Ending& ending,
                                       const profile::Suppressions& suppressions) const {
  std::vector<ProfileFile> files;
  for (const std::string& found : names_in(folder_.descriptor()).value_or(std::vector<std::string>{})) {
    if (is_profile(found)) {
      const auto number = image_number(std::string_view{found}.substr(name_.size()));
      files.push_back({.name = found, .pid = std::nullopt, .number = number.value_or(0)});
    }
  }
  return collect_profiles(folder_.descriptor(), files, pid, ending, suppressions);
}

std::expected<void, std::string> KeptProfile::replace(const std::string& content,
                                                      const std::vector<FileIdentity>& ours) const {
  const int folder = folder_.descriptor();
  const int parent = folder_.parent();
  // The file system, or what confines the program, may refuse hard links; or FILE was moved away.
  if (!identity_of(parent, name_) && move_to_free_name(folder, content, parent, name_)) {
    return {};
  }
  const std::unexpected<std::string> taken{"is not the file that the program wrote; it stays as it is"};
  if (!is_one_of(ours, parent, name_)) {
    return taken;
  }
  if (::renameat2(folder, content.c_str(), parent, name_.c_str(), RENAME_EXCHANGE) == 0) {
    if (is_one_of(ours, folder, content)) {
      return {};
    }
    // Others have put theirs there in the meantime.
    ::renameat2(folder, content.c_str(), parent, name_.c_str(), RENAME_EXCHANGE);
    return taken;
  }
  if (lacks_rename_flags(errno) && ::renameat(folder, content.c_str(), parent, name_.c_str()) == 0) {
    return {};
  }
  return std::unexpected(fmt::format("cannot be replaced: {}", profile::reason(errno)));
}

std::optional<std::string> KeptProfile::move_beside(const std::string& content,
                                                    const std::string& start) const {
  constexpr unsigned most_names = 1000;
  for (unsigned number = 0; number < most_names; ++number) {
    std::string name = number == 0 ? start : fmt::format("{}.{}", start, number);
    if (move_to_free_name(folder_.descriptor(), content, folder_.parent(), name)) {
      return name;
    }
    if (errno != EEXIST) {
      break;
    }
  }
  return std::nullopt;
}

std::string KeptProfile::name_beside(const profile::ProcessImage& image) const {
  return fmt::format("{}.{}", name_, image.profile.pid);
}

std::expected<void, std::string> KeptProfile::settle_main(const profile::ProcessImage& main) {
  const int folder = folder_.descriptor();
  const std::vector<FileIdentity> ours = identities_in(folder);
  const auto compressed = compress_file(folder, main.file);
  const std::string& content = compressed ? *compressed : main.file;
  const std::string shown = profile::printable(path_.string());
  const auto replaced = replace(content, ours);
  if (replaced) {
    return compressed ? std::expected<void, std::string>{}
                      : std::unexpected(fmt::format("--profile: '{}' {}", shown, compressed.error()));
  }
  std::string failure = fmt::format("--profile: '{}' {}", shown, replaced.error());
  struct stat status{};
  if (::fstatat(folder, main.file.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && status.st_nlink == 1) {
    // It is in the run's folder alone.
    const auto name = move_beside(content, name_beside(main));
    if (!name) {
      folder_.keep();
    }
    const fs::path where = name ? path_.parent_path() / *name : folder_.path() / content;
    failure += fmt::format("; the profile is '{}'", profile::printable(where.string()));
  }
  return std::unexpected(failure);
}

std::expected<void, std::string> KeptProfile::settle_other(const std::string& file, const std::string& start,
                                                           bool compresses) {
  const int folder = folder_.descriptor();
  const auto compressed =
      compresses ? compress_file(folder, file) : std::expected<std::string, std::string>{file};
  const bool is_moved = move_beside(compressed ? *compressed : file, start).has_value();
  const int error = errno;
  if (is_moved && compressed) {
    return {};
  }
  if (!is_moved) {
    folder_.keep();
  }
  return std::unexpected(fmt::format(
      "--profile: '{}' {}", profile::printable((folder_.path() / file).string()),
      is_moved ? compressed.error() : fmt::format("cannot be moved: {}", profile::reason(error))));
}

std::expected<void, std::string> KeptProfile::settle_others(const ProfileCollection& collection) {
  std::expected<void, std::string> result;
  std::vector<std::string> settled;
  const auto settle = [&](const std::string& file, const std::string& start, bool compresses) {
    settled.push_back(file);
    const auto identity = identity_of(folder_.descriptor(), file);
    if (identity && is_one_of({*identity}, folder_.parent(), name_)) {
      return;  // it is FILE: the program itself has none
    }
    if (const auto done = settle_other(file, start, compresses); !done && result) {
      result = done;
    }
  };
  if (collection.main) {
    settled.push_back(collection.main->file);
  }
  for (const profile::ProcessImage& image : collection.others) {
    settle(image.file, name_beside(image), image.end != profile::ImageEnd::still_running);
  }
  // Those that could not be read, and those of processes that have started since.
  for (const std::string& name : names_in(folder_.descriptor()).value_or(std::vector<std::string>{})) {
    if (name != name_ && is_profile(name) && std::ranges::find(settled, name) == settled.end()) {
      settle(name, name, false);
    }
  }
  return result;
}

std::expected<void, std::string> KeptProfile::settle(const ProfileCollection& collection, bool keep_all) {
  std::expected<void, std::string> result;
  if (collection.main) {
    result = settle_main(*collection.main);
  } else {
    result = std::unexpected(
        fmt::format("--profile: no profile was written to '{}'", profile::printable(path_.string())));
  }
  if (keep_all) {
    if (const auto done = settle_others(collection); !done && result) {
      result = done;
    }
  }
  folder_.remove();
  return result;
}

}  // namespace ar::command

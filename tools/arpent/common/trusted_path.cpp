#include "arpent/common/trusted_path.hpp"

#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>
#include <vector>

namespace ar::command {
namespace {

constexpr int most_links = 40;  // as Linux itself

std::unexpected<PathFailure> failed(int error) { return std::unexpected(PathFailure{error, {}}); }
std::unexpected<PathFailure> failed_link(std::string why) {
  return std::unexpected(PathFailure{0, std::move(why)});
}

// Who may write to / can replace the loader, and with it everything.
const struct stat& root_folder() {
  static const struct stat root = [] {
    struct stat status{};
    ::stat("/", &status);
    return status;
  }();
  return root;
}

// The owner of / counts as root: a user namespace may show root as another user.
bool is_trusted(uid_t owner) { return owner == 0 || owner == ::geteuid() || owner == root_folder().st_uid; }

// Whether the link is one of the system's names of open files, whose text is no path.
bool is_in_proc(int link) {
  struct statfs system{};
  return ::fstatfs(link, &system) == 0 && system.f_type == PROC_SUPER_MAGIC;
}

class Walk {
 public:
  std::expected<void, PathFailure> begin(std::string_view path) {
    put_before(path);
    return enter(path.starts_with('/') ? "/" : ".");
  }

  [[nodiscard]] bool is_at_end() const { return parts_.empty(); }

  // Goes one part on, into a folder or to what a link leads to.
  std::expected<void, PathFailure> step() {
    const std::string part = std::move(parts_.back());
    parts_.pop_back();
    Descriptor next{
        ::openat(at_.descriptor.number(), part.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (next) {
      return go_to(std::move(next), part != "." && part != "..");
    }
    if (errno != ENOTDIR && errno != ELOOP) {
      return failed(errno);
    }
    // Owner and text are those of the same link, also if another takes its name meanwhile.
    const Descriptor link{::openat(at_.descriptor.number(), part.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)};
    struct stat status{};
    if (!link || ::fstat(link.number(), &status) != 0) {
      return failed(errno);
    }
    if (!S_ISLNK(status.st_mode)) {
      return failed(ENOTDIR);
    }
    return follow(link.number(), status, part);
  }

  [[nodiscard]] OpenFolder& at() { return at_; }

 private:
  std::expected<void, PathFailure> enter(const char* start) {
    at_.descriptor = Descriptor{::open(start, O_PATH | O_DIRECTORY | O_CLOEXEC)};
    return at_.descriptor && ::fstat(at_.descriptor.number(), &status_) == 0
               ? std::expected<void, PathFailure>{}
               : failed(errno);
  }

  std::expected<void, PathFailure> go_to(Descriptor next, bool is_entry) {
    struct stat status{};
    if (::fstat(next.number(), &status) != 0) {
      return failed(errno);
    }
    if (is_entry) {
      note_entry(status.st_uid);
    }
    at_.descriptor = std::move(next);
    status_ = status;
    return {};
  }

  std::expected<void, PathFailure> follow(int link, const struct stat& status, const std::string& part) {
    if (!is_trusted(status.st_uid) && others_may_write(status_)) {
      return failed_link(parts_.empty() ? "is another user's link" : "leads through another user's link");
    }
    if (++links_ > most_links) {
      return failed_link("leads through too many links");
    }
    note_entry(status.st_uid);
    if (is_in_proc(link)) {
      at_.is_held = false;  // what it names was not walked to
      Descriptor next{::openat(at_.descriptor.number(), part.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
      return next ? go_to(std::move(next), false) : failed(errno);
    }
    std::array<char, PATH_MAX> text{};
    const ssize_t length = ::readlinkat(link, "", text.data(), text.size());
    if (length <= 0) {
      return failed_link("is a link that cannot be read");
    }
    const std::string_view target{text.data(), static_cast<std::size_t>(length)};
    put_before(target);
    return target.starts_with('/') ? enter("/") : std::expected<void, PathFailure>{};
  }

  void note_entry(uid_t owner) {
    const struct stat& root = root_folder();
    const bool is_in_root = root.st_dev == status_.st_dev && root.st_ino == status_.st_ino;
    at_.is_held = at_.is_held && (is_in_root || holds_entries(status_, owner));
  }

  // The parts are to be walked before those that are left. A slash at the end asks for a folder.
  void put_before(std::string_view path) {
    const bool asks_for_folder = path.ends_with('/');
    std::vector<std::string> parts;
    while (!path.empty()) {
      const std::string_view part = path.substr(0, path.find('/'));
      if (!part.empty()) {
        parts.emplace_back(part);
      }
      path.remove_prefix(std::min(path.size(), part.size() + 1));
    }
    if (asks_for_folder || parts.empty()) {
      parts.emplace_back(".");
    }
    parts_.insert(parts_.end(), parts.rbegin(), parts.rend());
  }

  OpenFolder at_;
  struct stat status_{};            // of the folder
  std::vector<std::string> parts_;  // that are left, the next one at the end
  int links_ = 0;
};

}  // namespace

bool others_may_write(const struct stat& folder) {
  return !is_trusted(folder.st_uid) || (folder.st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

bool holds_entries(const struct stat& folder, uid_t owner) {
  const bool may_move_only_theirs = (folder.st_mode & S_ISVTX) != 0 && is_trusted(owner);
  return is_trusted(folder.st_uid) && (may_move_only_theirs || (folder.st_mode & (S_IWGRP | S_IWOTH)) == 0);
}

std::expected<OpenFolder, PathFailure> open_folder(const std::filesystem::path& path) {
  Walk walk;
  if (const auto begun = walk.begin(path.native()); !begun) {
    return std::unexpected(begun.error());
  }
  while (!walk.is_at_end()) {
    if (const auto done = walk.step(); !done) {
      return std::unexpected(done.error());
    }
  }
  return std::move(walk.at());
}

bool holds_what_we_create(const std::filesystem::path& folder) {
  const auto opened = open_folder(folder);
  struct stat status{};
  return opened && opened->is_held && ::fstat(opened->descriptor.number(), &status) == 0 &&
         holds_entries(status, ::geteuid());
}

}  // namespace ar::command

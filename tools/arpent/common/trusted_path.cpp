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
#include <system_error>
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
  // What the walk began from counts as held if it is absolute, or the folder that we are in is.
  std::expected<void, PathFailure> begin(std::string_view path) {
    put_before(path);
    if (!path.starts_with('/')) {
      std::error_code error;
      const auto here = open_folder(std::filesystem::current_path(error));
      at_.is_held = !error && here && here->is_held;
    }
    return enter(path.starts_with('/') ? "/" : ".");
  }

  // Goes through all parts that are left but the last `kept`.
  std::expected<void, PathFailure> go(std::size_t kept) {
    while (parts_.size() > kept) {
      if (auto done = step(); !done) {
        return done;
      }
    }
    return {};
  }

  std::expected<NamedPlace, PathFailure> find_last() {
    bool is_linked = false;
    while (true) {
      if (const auto done = go(1); !done) {
        return std::unexpected(done.error());
      }
      const std::string& name = parts_.back();
      const Descriptor entry = open_entry(name);
      struct stat status{};
      const bool is_missing = !entry && errno == ENOENT && !is_linked;
      if (!is_missing && (!entry || ::fstat(entry.number(), &status) != 0)) {
        return failed(errno);
      }
      if (is_missing || !S_ISLNK(status.st_mode)) {
        return NamedPlace{.folder = std::move(at_), .name = name};
      }
      if (const auto counted = count_link(status, "is"); !counted) {
        return std::unexpected(counted.error());
      }
      if (is_in_proc(entry.number())) {
        return NamedPlace{.folder = std::move(at_), .name = name, .is_open_file = true};
      }
      parts_.pop_back();
      is_linked = true;
      if (const auto done = put_target(entry.number()); !done) {
        return std::unexpected(done.error());
      }
    }
  }

  [[nodiscard]] OpenFolder& at() { return at_; }

 private:
  // Owner and text are those of the same link, also if another takes its name meanwhile.
  [[nodiscard]] Descriptor open_entry(const std::string& name) const {
    return Descriptor{::openat(at_.descriptor.number(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)};
  }

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
    const Descriptor link = open_entry(part);
    struct stat status{};
    if (!link || ::fstat(link.number(), &status) != 0) {
      return failed(errno);
    }
    if (!S_ISLNK(status.st_mode)) {
      return failed(ENOTDIR);
    }
    if (auto counted = count_link(status, "leads through"); !counted) {
      return counted;
    }
    if (is_in_proc(link.number())) {
      at_.is_held = false;  // what it names was not walked to
      next = Descriptor{::openat(at_.descriptor.number(), part.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
      return next ? go_to(std::move(next), false) : failed(errno);
    }
    return put_target(link.number());
  }

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

  std::expected<void, PathFailure> count_link(const struct stat& link, std::string_view verb) {
    if (!is_trusted(link.st_uid) && others_may_write(status_)) {
      return failed_link(std::string{verb} + " another user's link");
    }
    if (++links_ > most_links) {
      return failed_link("leads through too many links");
    }
    note_entry(link.st_uid);
    return {};
  }

  // The walk goes on with what the link says.
  std::expected<void, PathFailure> put_target(int link) {
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
  auto done = walk.begin(path.native());
  if (done) {
    done = walk.go(0);
  }
  return done ? std::expected<OpenFolder, PathFailure>{std::move(walk.at())} : std::unexpected(done.error());
}

std::expected<NamedPlace, PathFailure> find_place(const std::filesystem::path& path) {
  Walk walk;
  const auto begun = walk.begin(path.native());
  return begun ? walk.find_last() : std::unexpected(begun.error());
}

bool holds_what_we_create(const std::filesystem::path& folder) {
  const auto opened = open_folder(folder);
  struct stat status{};
  return opened && opened->is_held && ::fstat(opened->descriptor.number(), &status) == 0 &&
         holds_entries(status, ::geteuid());
}

}  // namespace ar::command

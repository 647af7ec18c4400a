#include "arpent/view/browser.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "arpent/common/descriptor.hpp"
#include "arpent/common/report_target.hpp"
#include "arpent/common/trusted_path.hpp"
#include "profile/model/text_format.hpp"

namespace ar::command {
namespace {

constexpr std::string_view ending = ".html";

std::string folder() {
  for (const char* const name : {"XDG_RUNTIME_DIR", "TMPDIR"}) {
    const char* const value = std::getenv(name);
    // A page of others' making would run in the browser as ours.
    if (value != nullptr && *value == '/' && holds_what_we_create(value)) {
      return value;
    }
  }
  return "/tmp";
}

// Returns 0, or errno.
int start_browser(const std::string& file) {
  std::string program{"xdg-open"};
  std::string argument{file};
  std::array<char*, 3> arguments{program.data(), argument.data(), nullptr};
  // A session of its own, because Ctrl-C is meant for the server, and without the signals that it blocks.
  sigset_t none;
  ::sigemptyset(&none);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, program.c_str(), &actions, &attributes, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  return error;
}

}  // namespace

std::expected<BrowserRedirect, std::string> BrowserRedirect::open(const std::string& address) {
  std::string path = fmt::format("{}/arpent-view-XXXXXX{}", folder(), ending);
  const Descriptor file{::mkostemps(path.data(), static_cast<int>(ending.size()), O_CLOEXEC)};
  if (!file) {
    return std::unexpected(fmt::format("no file for the browser can be created: {}", profile::reason(errno)));
  }
  BrowserRedirect redirect{std::move(path)};
  const std::string page = fmt::format(
      "<!doctype html><meta charset=\"utf-8\"><meta name=\"referrer\" content=\"no-referrer\">"
      "<meta http-equiv=\"refresh\" content=\"0; url={0}\"><title>arpent view</title>"
      "<a href=\"{0}\">arpent view</a>\n",
      address);
  if (!write_all(file.number(), page)) {
    return std::unexpected(
        fmt::format("the file for the browser cannot be written: {}", profile::reason(errno)));
  }
  if (const int error = start_browser(redirect.path_); error != 0) {
    return std::unexpected(fmt::format("xdg-open cannot be started: {}", profile::reason(error)));
  }
  return redirect;
}

BrowserRedirect::~BrowserRedirect() {
  if (!path_.empty()) {
    ::unlink(path_.c_str());
  }
}

}  // namespace ar::command

#include "arpent/learn/captured_run.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

#include "arpent/exit_status.hpp"
#include "arpent/program_lookup.hpp"

namespace ar::command::learn {
namespace {

struct Pipe {
  std::array<int, 2> ends{-1, -1};
  bool open() { return ::pipe2(ends.data(), O_CLOEXEC) == 0; }
  void close(std::size_t end) {
    if (ends[end] >= 0) {
      ::close(ends[end]);
      ends[end] = -1;
    }
  }
  Pipe() = default;
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close(0);
    close(1);
  }
};

std::vector<char*> pointers_to(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (const std::string& string : strings) {
    pointers.push_back(const_cast<char*>(string.c_str()));  // exec's interface is older than const
  }
  pointers.push_back(nullptr);
  return pointers;
}

// What belongs to posix_spawn.
struct SpawnSettings {
  posix_spawn_file_actions_t files{};
  posix_spawnattr_t attributes{};
  SpawnSettings(const Pipe& output, const Pipe& errors) {
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawnattr_init(&attributes);
    ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&files, output.ends[1], STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&files, errors.ends[1], STDERR_FILENO);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    ::posix_spawn_file_actions_destroy(&files);
    ::posix_spawnattr_destroy(&attributes);
  }
};

// Appends what there is; false at the end of the stream.
bool read_some(int file, std::string& text) {
  std::array<char, 4096> buffer{};
  const ssize_t got = ::read(file, buffer.data(), buffer.size());
  if (got > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return got > 0 || (got < 0 && errno == EINTR);
}

// Until both streams end; false when that takes too long.
bool read_both(Pipe& output, Pipe& errors, CapturedRun& run, std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (output.ends[0] >= 0 || errors.ends[0] >= 0) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
    if (left <= 0) {
      return false;
    }
    std::array<pollfd, 2> files{pollfd{.fd = output.ends[0], .events = POLLIN, .revents = 0},
                                pollfd{.fd = errors.ends[0], .events = POLLIN, .revents = 0}};
    ::poll(files.data(), files.size(), static_cast<int>(left));
    if (files[0].revents != 0 && !read_some(files[0].fd, run.output)) {
      output.close(0);
    }
    if (files[1].revents != 0 && !read_some(files[1].fd, run.errors)) {
      errors.close(0);
    }
  }
  return true;
}

}  // namespace

std::expected<CapturedRun, std::string> run_captured(const std::vector<std::string>& arguments,
                                                     const Environment& environment,
                                                     std::chrono::milliseconds limit) {
  const auto program = find_program(arguments.front(), environment);
  if (!program) {
    return std::unexpected(program.error().what);
  }
  Pipe output;
  Pipe errors;
  if (!output.open() || !errors.open()) {
    return std::unexpected(fmt::format("no pipe can be made: {}", std::generic_category().message(errno)));
  }
  const SpawnSettings settings{output, errors};
  pid_t child = -1;
  const int error = ::posix_spawn(&child, program->c_str(), &settings.files, &settings.attributes,
                                  pointers_to(arguments).data(), pointers_to(environment.entries()).data());
  if (error != 0) {
    return std::unexpected(
        fmt::format("'{}' cannot be started: {}", arguments.front(), std::generic_category().message(error)));
  }
  output.close(1);
  errors.close(1);
  CapturedRun run;
  run.timed_out = !read_both(output, errors, run, limit);
  if (run.timed_out) {
    ::kill(-child, SIGKILL);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  run.status = WIFSIGNALED(status) ? status_signal_base + WTERMSIG(status) : WEXITSTATUS(status);
  return run;
}

}  // namespace ar::command::learn

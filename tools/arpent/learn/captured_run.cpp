#include "arpent/learn/captured_run.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

#include "arpent/common/child_process.hpp"
#include "arpent/common/exit_status.hpp"
#include "arpent/common/program_lookup.hpp"

namespace ar::command::learn {
namespace {

// A program that prints without end is not to fill this one's memory.
constexpr std::size_t most_kept = 1U << 20U;

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

// The signals that end this process, held back while the program runs: it is in a group of its own, where a
// Ctrl-C of the terminal's does not reach it, and must not go on alone.
class Interruptions {
 public:
  Interruptions() {
    ::sigemptyset(&signals_);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
      struct sigaction present{};
      if (::sigaction(signal, nullptr, &present) == 0 && present.sa_handler != SIG_IGN) {
        ::sigaddset(&signals_, signal);
      }
    }
    ::sigprocmask(SIG_BLOCK, &signals_, &before_);
    file_ = ::signalfd(-1, &signals_, SFD_CLOEXEC);
  }
  Interruptions(const Interruptions&) = delete;
  Interruptions& operator=(const Interruptions&) = delete;
  ~Interruptions() {
    if (file_ >= 0) {
      ::close(file_);
    }
    ::sigprocmask(SIG_SETMASK, &before_, nullptr);
  }

  [[nodiscard]] int file() const { return file_; }
  [[nodiscard]] const sigset_t& mask_before() const { return before_; }
  // One that has come, or 0.
  [[nodiscard]] int take() const {
    signalfd_siginfo info{};
    return ::read(file_, &info, sizeof info) == sizeof info ? static_cast<int>(info.ssi_signo) : 0;
  }

 private:
  sigset_t signals_{};
  sigset_t before_{};
  int file_ = -1;
};

// What belongs to posix_spawn.
struct SpawnSettings {
  posix_spawn_file_actions_t files{};
  posix_spawnattr_t attributes{};
  SpawnSettings(const Pipe& output, const Pipe& errors, const sigset_t& mask) {
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawnattr_init(&attributes);
    ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&files, output.ends[1], STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&files, errors.ends[1], STDERR_FILENO);
    ::posix_spawnattr_setsigmask(&attributes, &mask);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    ::posix_spawn_file_actions_destroy(&files);
    ::posix_spawnattr_destroy(&attributes);
  }
};

// Appends what there is, up to `most_kept`; false at the end of the stream.
bool read_some(int file, std::string& text) {
  std::array<char, 4096> buffer{};
  const ssize_t got = ::read(file, buffer.data(), buffer.size());
  if (got > 0) {
    text.append(buffer.data(), std::min(static_cast<std::size_t>(got), most_kept - text.size()));
  }
  return got > 0 || (got < 0 && errno == EINTR);
}

struct Reading {
  bool timed_out = false;
  int signal = 0;  // that came for this process
};

// Until both streams end, time is up, or a signal comes.
Reading read_both(Pipe& output, Pipe& errors, const Interruptions& interruptions, CapturedRun& run,
                  std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (output.ends[0] >= 0 || errors.ends[0] >= 0) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
    if (left <= 0) {
      return {.timed_out = true};
    }
    std::array<pollfd, 3> files{pollfd{.fd = output.ends[0], .events = POLLIN, .revents = 0},
                                pollfd{.fd = errors.ends[0], .events = POLLIN, .revents = 0},
                                pollfd{.fd = interruptions.file(), .events = POLLIN, .revents = 0}};
    if (::poll(files.data(), files.size(), static_cast<int>(left)) <= 0) {
      continue;
    }
    if (const int signal = files[2].revents != 0 ? interruptions.take() : 0; signal != 0) {
      return {.signal = signal};
    }
    if (files[0].revents != 0 && !read_some(files[0].fd, run.output)) {
      output.close(0);
    }
    if (files[1].revents != 0 && !read_some(files[1].fd, run.errors)) {
      errors.close(0);
    }
  }
  return {};
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
  const Interruptions interruptions;
  const SpawnSettings settings{output, errors, interruptions.mask_before()};
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
  const Reading reading = read_both(output, errors, interruptions, run, limit);
  run.timed_out = reading.timed_out;
  if (reading.timed_out || reading.signal != 0) {
    ::kill(-child, SIGKILL);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (reading.signal != 0) {
    die_by(reading.signal);
  }
  run.status = WIFSIGNALED(status) ? status_signal_base + WTERMSIG(status) : WEXITSTATUS(status);
  return run;
}

}  // namespace ar::command::learn

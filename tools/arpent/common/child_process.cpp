#include "arpent/common/child_process.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>

#include "arpent/common/exit_status.hpp"

namespace ar::command {
namespace {

// What is sent to us but meant for the program. Those that a terminal sends to the whole process group are
// told apart by their sender. Signals that were ignored when we were started (nohup) stay so, for both.
constexpr std::array forwarded_signals{SIGTERM,   SIGHUP,  SIGUSR1, SIGUSR2, SIGALRM,
                                       SIGVTALRM, SIGPROF, SIGPIPE, SIGIO};

// Blocks what is to be forwarded and ignores what the terminal sends; restores it all for the program.
class SignalsWhileWaiting {
 public:
  SignalsWhileWaiting() {
    ::sigemptyset(&awaited_);
    ::sigaddset(&awaited_, SIGCHLD);
    for (const int signal : forwarded_signals) {
      struct sigaction present{};
      if (::sigaction(signal, nullptr, &present) == 0 && present.sa_handler != SIG_IGN) {
        ::sigaddset(&awaited_, signal);
      }
    }
    for (int signal = SIGRTMIN; signal <= SIGRTMAX; ++signal) {
      ::sigaddset(&awaited_, signal);
    }
    ::sigprocmask(SIG_BLOCK, &awaited_, &mask_before_);
    struct sigaction ignore{};
    ignore.sa_handler = SIG_IGN;
    struct sigaction standard{};
    standard.sa_handler = SIG_DFL;
    ::sigaction(SIGINT, &ignore, &interrupt_before_);
    ::sigaction(SIGQUIT, &ignore, &quit_before_);
    // Were it ignored, the program's end would not be kept for us.
    ::sigaction(SIGCHLD, &standard, &child_before_);
  }

  void restore_in_child() const {
    restore_actions();
    ::sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
  }

  // Afterwards what the terminal sends is blocked instead of ignored.
  void end_waiting() const {
    sigset_t of_terminal;
    ::sigemptyset(&of_terminal);
    ::sigaddset(&of_terminal, SIGINT);
    ::sigaddset(&of_terminal, SIGQUIT);
    ::sigprocmask(SIG_BLOCK, &of_terminal, nullptr);
    restore_actions();
  }

  [[nodiscard]] const sigset_t& awaited() const { return awaited_; }

 private:
  void restore_actions() const {
    ::sigaction(SIGINT, &interrupt_before_, nullptr);
    ::sigaction(SIGQUIT, &quit_before_, nullptr);
    ::sigaction(SIGCHLD, &child_before_, nullptr);
  }

  sigset_t awaited_{};
  sigset_t mask_before_{};
  struct sigaction interrupt_before_{};
  struct sigaction quit_before_{};
  struct sigaction child_before_{};
};

[[noreturn]] void execute(const Launch& launch, const SignalsWhileWaiting& signals, int failure_pipe) {
  const std::vector<char*> arguments = pointers_to(launch.arguments);
  const std::vector<char*> environment = pointers_to(launch.environment);
  signals.restore_in_child();
  ::execve(launch.path.c_str(), arguments.data(), environment.data());
  const int error = errno;
  [[maybe_unused]] const ssize_t written = ::write(failure_pipe, &error, sizeof error);
  ::_exit(status_not_executable);
}

// 0 when exec succeeded (the pipe was closed by it), else its errno.
int exec_error(int failure_pipe) {
  int error = 0;
  ssize_t got = 0;
  do {
    got = ::read(failure_pipe, &error, sizeof error);
  } while (got < 0 && errno == EINTR);
  return got == static_cast<ssize_t>(sizeof error) ? error : 0;
}

bool is_end_signal(int signal) { return std::ranges::find(end_signals, signal) != end_signals.end(); }

// Returns the status of waitpid. `passed_on`: as in ChildEnding.
int wait_and_forward(pid_t child, const SignalsWhileWaiting& signals, int& passed_on) {
  int status = 0;
  int signal = 0;
  siginfo_t info{};
  while (true) {
    const bool is_for_program = signal > 0 && signal != SIGCHLD;
    const pid_t ended = ::waitpid(child, &status, WNOHANG);
    if (ended == child) {
      if (is_for_program && is_end_signal(signal)) {
        ::kill(::getpid(), signal);
      }
      return status;
    }
    if (is_for_program) {
      passed_on = is_end_signal(signal) ? signal : passed_on;
      // The kernel's own (a hang-up of the terminal) reached the program as well.
      if (info.si_code != SI_KERNEL) {
        ::kill(child, signal);
      }
    }
    signal = ::sigwaitinfo(&signals.awaited(), &info);
  }
}

profile::Ending ending_of(int status) {
  profile::Ending ending;
  if (WIFSIGNALED(status)) {
    ending.by_signal = true;
    ending.signal = WTERMSIG(status);
    ending.core_dumped = WCOREDUMP(status);
  } else {
    ending.status = WEXITSTATUS(status);
  }
  return ending;
}

}  // namespace

std::vector<char*> pointers_to(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (const std::string& string : strings) {
    pointers.push_back(const_cast<char*>(string.c_str()));  // exec's interface is older than const
  }
  pointers.push_back(nullptr);
  return pointers;
}

std::expected<ChildEnding, LaunchFailure> run_child(const Launch& launch) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) {
    return std::unexpected(LaunchFailure{.in_exec = false, .error = errno});
  }
  const SignalsWhileWaiting signals;
  const auto start = std::chrono::steady_clock::now();
  const pid_t child = ::fork();
  if (child < 0) {
    const int error = errno;
    ::close(pipe[0]);
    ::close(pipe[1]);
    return std::unexpected(LaunchFailure{.in_exec = false, .error = error});
  }
  if (child == 0) {
    execute(launch, signals, pipe[1]);
  }
  ::close(pipe[1]);
  // The pipe is read last: signals cannot end a read, because they are blocked.
  int passed_on = 0;
  const int status = wait_and_forward(child, signals, passed_on);
  signals.end_waiting();
  const int error = exec_error(pipe[0]);
  ::close(pipe[0]);
  if (error != 0) {
    return std::unexpected(LaunchFailure{.in_exec = true, .error = error});
  }
  ChildEnding result{.pid = child, .ending = ending_of(status), .passed_on = passed_on};
  result.ending.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

void die_by(int signal) {
  const rlimit none{.rlim_cur = 0, .rlim_max = 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0);  // where cores go to a program, the limit does not hold
  ::signal(signal, SIG_DFL);
  sigset_t only;
  ::sigemptyset(&only);
  ::sigaddset(&only, signal);
  ::raise(signal);
  ::sigprocmask(SIG_UNBLOCK, &only, nullptr);
  ::_exit(status_signal_base + signal);
}

}  // namespace ar::command

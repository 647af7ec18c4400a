// Runs a program once or several times in a row and writes how long it took and how much memory it held.
//
//   arpent-bench-launch RESULT-FILE TIMEOUT-SECONDS REPEATS PROGRAM ARGUMENTS…
//
// This is a small static program because of what it measures: the kernel starts a child's peak resident
// memory at that of the process which forked it, so a script that starts the programs itself would
// report its own peak as theirs. And being static, it is untouched by the LD_PRELOAD that it passes on.
//
// Exit status: 0 when RESULT-FILE was written (it tells how the program ended), 2 for wrong usage,
// 71 when the system fails.
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace {

constexpr int usage_status = 2;
constexpr int system_status = 71;
constexpr int not_started_status = 127;

volatile pid_t running_child = 0;
volatile std::sig_atomic_t timed_out = 0;

void on_alarm(int /*signal*/) {
  timed_out = 1;
  if (running_child > 0) {
    kill(running_child, SIGKILL);
  }
}

std::int64_t now_nanoseconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

std::int64_t nanoseconds(const timeval& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + std::int64_t{time.tv_usec} * 1000;
}

struct Measured {
  std::int64_t wall = 0;  // nanoseconds, as are the next two
  std::int64_t user = 0;
  std::int64_t system = 0;
  long peak_kib = 0;
  long minor_faults = 0;
  int wait_status = 0;
};

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "arpent-bench-launch: %s: %s\n", what, std::strerror(errno));
  std::exit(system_status);
}

// Adds one run of the program to the sums.
void run_once(char** command, Measured& sums) {
  const std::int64_t start = now_nanoseconds();
  const pid_t child = fork();
  if (child < 0) {
    fail("fork");
  }
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execvp(command[0], command);
    std::fprintf(stderr, "arpent-bench-launch: %s: %s\n", command[0], std::strerror(errno));
    _exit(not_started_status);
  }
  running_child = child;
  rusage usage{};
  while (wait4(child, &sums.wait_status, 0, &usage) < 0) {
    if (errno != EINTR) {
      fail("wait4");
    }
  }
  running_child = 0;
  sums.wall += now_nanoseconds() - start;
  sums.user += nanoseconds(usage.ru_utime);
  sums.system += nanoseconds(usage.ru_stime);
  sums.peak_kib = std::max(sums.peak_kib, usage.ru_maxrss);
  sums.minor_faults += usage.ru_minflt;
}

void write_result(const char* path, const Measured& sums) {
  std::FILE* file = std::fopen(path, "we");
  if (file == nullptr) {
    fail(path);
  }
  const bool exited = WIFEXITED(sums.wait_status);
  std::fprintf(file,
               "{\"wall_ns\": %lld, \"user_ns\": %lld, \"system_ns\": %lld, \"peak_kib\": %ld, "
               "\"minor_faults\": %ld, \"exit_status\": %d, \"signal\": %d, \"timed_out\": %s}\n",
               static_cast<long long>(sums.wall), static_cast<long long>(sums.user),
               static_cast<long long>(sums.system), sums.peak_kib, sums.minor_faults,
               exited ? WEXITSTATUS(sums.wait_status) : -1,
               WIFSIGNALED(sums.wait_status) ? WTERMSIG(sums.wait_status) : 0,
               timed_out != 0 ? "true" : "false");
  if (std::fclose(file) != 0) {
    fail(path);
  }
}

}  // namespace

int main(int argument_count, char** arguments) {
  constexpr int program_at = 4;
  const long timeout = argument_count > program_at ? std::strtol(arguments[2], nullptr, 10) : 0;
  const long repeats = argument_count > program_at ? std::strtol(arguments[3], nullptr, 10) : 0;
  if (timeout <= 0 || repeats <= 0) {
    std::fputs("usage: arpent-bench-launch RESULT-FILE TIMEOUT-SECONDS REPEATS PROGRAM ARGUMENTS...\n",
               stderr);
    return usage_status;
  }
  struct sigaction action{};
  action.sa_handler = on_alarm;
  sigaction(SIGALRM, &action, nullptr);
  alarm(static_cast<unsigned>(timeout));

  Measured sums;
  for (long done = 0; done < repeats && sums.wait_status == 0; ++done) {
    run_once(arguments + program_at, sums);
  }
  write_result(arguments[1], sums);
  return 0;
}

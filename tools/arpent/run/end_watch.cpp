#include "arpent/run/end_watch.hpp"

#include <pthread.h>

#include <csignal>
#include <ctime>
#include <system_error>
#include <thread>

namespace ar::command {
namespace {

// Processor time of a thread, in nanoseconds.
long long time_of(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

// Waits for one of the signals. Returns 0 if `clock`, which counts the work of a thread, has stood still for
// a second before; not if there is none.
int wait_for(const sigset_t& signals, const clockid_t* clock) {
  constexpr int steps_without_progress = 4;
  constexpr timespec step{.tv_sec = 0, .tv_nsec = 250'000'000};
  constexpr long long least_progress = 2'000'000;  // of a step
  int still = 0;
  long long before = clock == nullptr ? 0 : time_of(*clock);
  while (true) {
    const int signal = ::sigtimedwait(&signals, nullptr, clock == nullptr ? nullptr : &step);
    if (signal > 0) {
      return signal;
    }
    if (clock == nullptr) {
      continue;
    }
    const long long now = time_of(*clock);
    still = now - before < least_progress ? still + 1 : 0;
    before = now;
    if (still == steps_without_progress) {
      return 0;
    }
  }
}

}  // namespace

void watch_for_end(const std::filesystem::path& folder, const ChildEnding& child) {
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int signal : end_signals) {
    struct sigaction present{};
    if (::sigaction(signal, nullptr, &present) == 0 && present.sa_handler != SIG_IGN) {
      ::sigaddset(&signals, signal);
    }
  }
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  clockid_t clock{};
  const bool is_hurried = child.passed_on != 0 && ::pthread_getcpuclockid(::pthread_self(), &clock) == 0;
  std::thread{[=, passed_on = child.passed_on] {
    const int signal = wait_for(signals, is_hurried ? &clock : nullptr);
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
    die_by(signal == 0 ? passed_on : signal);
  }}.detach();
}

}  // namespace ar::command

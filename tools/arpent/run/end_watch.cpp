#include "arpent/run/end_watch.hpp"

#include <pthread.h>

#include <csignal>
#include <ctime>
#include <utility>

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

struct Watch {
  sigset_t signals{};
  bool is_hurried = false;
  clockid_t clock{};  // of the thread that works
  int passed_on = 0;
  std::shared_ptr<const PrivateDirectory> folder;
};

extern "C" void* wait_for_end(void* context) {
  const auto* const watch = static_cast<const Watch*>(context);
  const int signal = wait_for(watch->signals, watch->is_hurried ? &watch->clock : nullptr);
  watch->folder->remove();
  die_by(signal == 0 ? watch->passed_on : signal);
}

// Small, because the addresses of this process may be limited.
bool start_thread(Watch* watch) {
  constexpr std::size_t stack_size = std::size_t{128} << 10U;
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, stack_size);
  ::pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread{};
  const bool started = ::pthread_create(&thread, &attributes, wait_for_end, watch) == 0;
  ::pthread_attr_destroy(&attributes);
  return started;
}

}  // namespace

void watch_for_end(std::shared_ptr<const PrivateDirectory> folder, const ChildEnding& child) {
  ::signal(SIGXFSZ, SIG_IGN);  // a report that may not grow is a failure to report, and not the end
  // The thread may use it until the process has ended: never destroyed.
  static Watch& watch = *new Watch;
  watch.folder = std::move(folder);
  watch.passed_on = child.passed_on;
  ::sigemptyset(&watch.signals);
  for (const int signal : end_signals) {
    struct sigaction present{};
    if (::sigaction(signal, nullptr, &present) == 0 && present.sa_handler != SIG_IGN) {
      ::sigaddset(&watch.signals, signal);
    }
  }
  ::sigprocmask(SIG_BLOCK, &watch.signals, nullptr);
  watch.is_hurried = child.passed_on != 0 && ::pthread_getcpuclockid(::pthread_self(), &watch.clock) == 0;
  if (!start_thread(&watch)) {
    ::sigprocmask(SIG_UNBLOCK, &watch.signals, nullptr);  // they end this process, though they remove nothing
  }
}

}  // namespace ar::command

#include "platform/signal_shield.hpp"

#include <sys/syscall.h>

#include <csignal>
#include <ctime>
#include <initializer_list>

#include "platform/system_call.hpp"

namespace ar::platform {

namespace {

constexpr long kernel_mask_size = sizeof(std::uint64_t);

constexpr std::uint64_t bit(int signal) noexcept {
  return std::uint64_t{1} << static_cast<unsigned>(signal - 1);
}

constexpr std::uint64_t never_blocked = bit(SIGSEGV) | bit(SIGBUS) | bit(SIGILL) | bit(SIGFPE) |
                                        bit(SIGTRAP) | bit(SIGSYS) | bit(SIGABRT) | bit(SIGKILL) |
                                        bit(SIGSTOP);

// The signals that end a process on request, and that have no handler.
std::uint64_t default_ends() noexcept {
  std::uint64_t found = 0;
  for (const int signal : {SIGTERM, SIGHUP, SIGINT, SIGQUIT}) {
    struct {
      std::uint64_t handler, flags, restorer, mask;
    } action{};
    if (system_call(SYS_rt_sigaction, signal, 0, reinterpret_cast<long>(&action), kernel_mask_size) == 0 &&
        action.handler == 0) {
      found |= bit(signal);
    }
  }
  return found;
}

std::uint64_t pending_signals() noexcept {
  std::uint64_t pending = 0;
  system_call(SYS_rt_sigpending, reinterpret_cast<long>(&pending), kernel_mask_size);
  return pending;
}

}  // namespace

SignalShield::SignalShield(Ends ends) noexcept {
  const std::uint64_t mask = ~never_blocked & ~(ends == Ends::let_through ? default_ends() : 0);
  active_ = system_call(SYS_rt_sigprocmask, SIG_BLOCK, reinterpret_cast<long>(&mask),
                        reinterpret_cast<long>(&before_), kernel_mask_size) == 0;
  pending_ = pending_signals();
}

SignalShield::~SignalShield() {
  if (!active_) {
    return;
  }
  const std::uint64_t ours = pending_signals() & ~pending_ & (bit(SIGPIPE) | bit(SIGXFSZ));
  if (ours != 0) {
    const timespec at_once{};
    while (system_call(SYS_rt_sigtimedwait, reinterpret_cast<long>(&ours), 0,
                       reinterpret_cast<long>(&at_once), kernel_mask_size) > 0) {
    }
  }
  system_call(SYS_rt_sigprocmask, SIG_SETMASK, reinterpret_cast<long>(&before_), 0, kernel_mask_size);
}

}  // namespace ar::platform

#include "platform/stop_signal.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include "platform/handler_code.hpp"
#include "platform/proc_file.hpp"
#include "platform/system_call.hpp"

#if defined(__x86_64__)
extern "C" [[gnu::visibility("hidden")]] void arpent_return_from_handler() noexcept;  // return_from_handler.S
#endif

namespace ar::platform {

namespace {

struct KernelAction {
  std::uintptr_t handler;  // or one of the following
  unsigned long flags;
  void (*restorer)() noexcept;
  std::uint64_t mask;
};
constexpr std::uintptr_t default_action = 0;
constexpr std::uintptr_t ignore_action = 1;
constexpr unsigned long flag_restorer = 0x04000000;

constexpr int glibc_signal = 33;  // SIGSETXID
constexpr int first_free_signal = 34;
constexpr int last_signal = 64;

constinit StopHandler stop_handler = nullptr;
constinit KernelAction before = {};  // what the signal did
constinit int mark = 0;              // its address is the mark

using Handler = void (*)(int signal, siginfo_t* information, void* context);

ARPENT_HANDLER_CODE void receive(int signal, siginfo_t* information, void* context) {
  const bool is_marked = information->si_code == SI_QUEUE && information->si_value.sival_ptr == &mark;
  if (is_marked || before.handler == default_action) {
    stop_handler(context);
  } else if (before.handler != ignore_action) {
    reinterpret_cast<Handler>(before.handler)(signal, information, context);
  }
}

long exchange_action(int signal, const KernelAction* action, KernelAction* previous) noexcept {
  return system_call(SYS_rt_sigaction, signal, reinterpret_cast<long>(action),
                     reinterpret_cast<long>(previous), sizeof(std::uint64_t));
}

bool install(int signal, bool over_a_handler) noexcept {
  KernelAction previous{};
  if (exchange_action(signal, nullptr, &previous) != 0 ||
      (previous.handler != default_action && !over_a_handler)) {
    return false;
  }
  before = previous;
  KernelAction action{};
  action.handler = reinterpret_cast<std::uintptr_t>(receive);
  action.flags = SA_SIGINFO | SA_RESTART | static_cast<unsigned long>(SA_ONSTACK);
#if defined(__x86_64__)
  action.flags |= flag_restorer;
  action.restorer = arpent_return_from_handler;
#endif
  action.mask = ~std::uint64_t{0};
  return exchange_action(signal, &action, nullptr) == 0;
}

}  // namespace

bool StopSignal::borrow(StopHandler handler) noexcept {
  stop_handler = handler;
  marked_ = !system_calls_are_filtered();
  if (marked_ && install(glibc_signal, true)) {
    number_ = glibc_signal;
    return true;
  }
  for (int signal = last_signal; signal >= first_free_signal; --signal) {
    if (install(signal, false)) {
      number_ = signal;
      return true;
    }
  }
  return false;
}

void StopSignal::give_back() noexcept {
  KernelAction now{};
  if (number_ == 0 || exchange_action(number_, nullptr, &now) != 0 ||
      now.handler != reinterpret_cast<std::uintptr_t>(receive)) {
    return;
  }
  if (before.handler == default_action) {
    KernelAction ignoring{};
    ignoring.handler = ignore_action;
    exchange_action(number_, &ignoring, nullptr);  // drops what is pending, in every thread
  }
  exchange_action(number_, &before, nullptr);
  number_ = 0;
}

long StopSignal::send(std::int32_t tid) const noexcept {
  const long process = system_call(SYS_getpid);
  if (!marked_) {
    return system_call(SYS_tgkill, process, tid, number_);
  }
  siginfo_t information{};
  information.si_signo = number_;
  information.si_code = SI_QUEUE;
  information.si_pid = static_cast<pid_t>(process);
  information.si_uid = static_cast<uid_t>(system_call(SYS_getuid));
  information.si_value.sival_ptr = &mark;
  return system_call(SYS_rt_tgsigqueueinfo, process, tid, number_, reinterpret_cast<long>(&information));
}

bool StopSignal::is_blocked_by(std::uint64_t mask) const noexcept {
  return number_ == 0 || (mask >> static_cast<unsigned>(number_ - 1) & 1U) != 0;
}

}  // namespace ar::platform

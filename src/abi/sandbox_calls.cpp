// The functions through which a program enters a sandbox: prctl, and syscall (sandbox_calls.S), which
// libseccomp and others call seccomp by.
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstdarg>

#include "abi/copies.hpp"
#include "abi/export.hpp"
#include "platform/raw_system_call.hpp"
#include "platform/sandbox.hpp"

namespace {

long with_errno(long result) noexcept {
  if (result < 0 && result > -4096) {
    errno = static_cast<int>(-result);
    return -1;
  }
  return result;
}

bool installs_filter(long number, long operation) noexcept {
  if (number == SYS_prctl) {
    return operation == PR_SET_SECCOMP;
  }
  return number == SYS_seccomp &&
         (operation == SECCOMP_SET_MODE_STRICT || operation == SECCOMP_SET_MODE_FILTER);
}

}  // namespace

extern "C" {
// From the moment on that the filter holds, nothing of ours may be in the middle of a call that it forbids.
// One that could not be installed has changed nothing.
[[gnu::visibility("hidden")]] long arpent_call_that_may_filter(long number, long first, long second,
                                                               long third, long fourth, long fifth) noexcept {
  if (!installs_filter(number, first)) {
    return with_errno(ar::platform::raw_system_call(number, first, second, third, fourth, fifth));
  }
  const ar::abi::Calls& serving = ar::abi::known_copy();
  const bool before = serving.enter_sandbox();
  const long result = ar::platform::raw_system_call(number, first, second, third, fourth, fifth);
  if (result < 0) {
    serving.set_sandboxed(before);
  }
  return with_errno(result);
}
}

ARPENT_EXPORT_C int prctl(int operation, ...) noexcept {
  va_list list;
  va_start(list, operation);
  long arguments[4];
  for (long& argument : arguments) {
    argument = va_arg(list, long);
  }
  va_end(list);
  return static_cast<int>(arpent_call_that_may_filter(SYS_prctl, operation, arguments[0], arguments[1],
                                                      arguments[2], arguments[3]));
}

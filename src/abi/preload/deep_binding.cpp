#include "abi/preload/deep_binding.hpp"

#include <dlfcn.h>

#include <cerrno>
#include <cstring>

#include "abi/misuse.hpp"
#include "abi/preload/redirection.hpp"

namespace {

using Dlopen = void* (*)(const char* file, int mode);

bool is_c_library(const char* file) noexcept {
  const char* const slash = std::strrchr(file, '/');
  return std::strncmp(slash == nullptr ? file : slash + 1, "libc.so.", 8) == 0;
}

}  // namespace

namespace ar::abi {

void before_opening(const char* file, int mode) noexcept {
  // The library that was bound deeply last may have brought a C++ runtime, which could not be redirected
  // before.
  static bool may_have_runtime = false;
  if (__atomic_exchange_n(&may_have_runtime, false, __ATOMIC_RELAXED)) {
    leave_new_runtimes_alone();
  }
  if (file != nullptr && ((mode & RTLD_DEEPBIND) != 0 || is_c_library(file))) {
    const int saved = errno;
    redirect_process();
    if ((mode & RTLD_DEEPBIND) != 0) {
      allow_runtime_of_its_own();
      __atomic_store_n(&may_have_runtime, true, __ATOMIC_RELAXED);
    }
    errno = saved;
  }
}

}  // namespace ar::abi

extern "C" [[gnu::visibility("hidden")]] Dlopen arpent_choose_dlopen(const char* file, int mode) noexcept {
  static Dlopen next = nullptr;
  if (next == nullptr) {
    next = reinterpret_cast<Dlopen>(dlsym(RTLD_NEXT, "dlopen"));
  }
  ar::abi::before_opening(file, mode);
  return next;
}

// Libraries opened with RTLD_DEEPBIND find the C library's malloc before ours, as does code that opens the C
// library and looks malloc up in it. Its symbols are redirected before (redirection.hpp), so that blocks do
// not cross from one heap to another, not even in constructors.
#include <dlfcn.h>

#include <cerrno>
#include <cstring>

#include "abi/preload/redirection.hpp"

namespace {

using Dlopen = void* (*)(const char* file, int mode);

bool is_c_library(const char* file) noexcept {
  const char* const slash = std::strrchr(file, '/');
  return std::strncmp(slash == nullptr ? file : slash + 1, "libc.so.", 8) == 0;
}

}  // namespace

extern "C" [[gnu::visibility("hidden")]] Dlopen arpent_choose_dlopen(const char* file, int mode) noexcept {
  static Dlopen next = nullptr;
  if (next == nullptr) {
    next = reinterpret_cast<Dlopen>(dlsym(RTLD_NEXT, "dlopen"));
  }
  if (file != nullptr && ((mode & RTLD_DEEPBIND) != 0 || is_c_library(file))) {
    const int saved = errno;
    ar::abi::redirect_process();
    errno = saved;
  }
  return next;
}

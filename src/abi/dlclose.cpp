// Code that is unloaded leaves addresses which other code may take: the call sites remembered there are
// forgotten, and how to unwind from there.
#include <dlfcn.h>

#include "abi/copies.hpp"
#include "abi/export.hpp"

// Not there in a fully static program.
extern "C" [[gnu::weak]] void* dlsym(void* handle, const char* name) noexcept;

ARPENT_EXPORT_C int dlclose(void* handle) noexcept {
  using Function = int (*)(void*);
  static Function next = nullptr;
  if (next == nullptr && &dlsym != nullptr) {
    next = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "dlclose"));
  }
  if (next == nullptr) {
    return 0;
  }
  const int result = next(handle);
  ar::abi::known_copy().forget_unloaded_code();
  return result;
}

// dlmopen: the libraries of a new namespace have a C library of their own, and so another malloc. It is
// opened first, and redirected before anything else is opened there.
#include <dlfcn.h>
#include <link.h>

#include <cerrno>

#include "abi/foreign.hpp"
#include "abi/preload/redirection.hpp"
#include "abi/start.hpp"
#include "platform/lock.hpp"

namespace {

using Dlmopen = void* (*)(Lmid_t where, const char* file, int mode);

// The C library of a namespace of the program's. It must be closed, or the namespace would stay for ever:
// there are few.
struct Namespace {
  void* c_library;
  std::size_t modules;  // when there was nothing else
};
constexpr std::size_t most_namespaces = 16;  // glibc's
Namespace namespaces[most_namespaces];
constinit ar::platform::Lock lock;  // guards them

// Looked up when it is needed: each function that the library imports would cost every program's start a
// look-up.
template <typename Function>
Function next_function(const char* name) noexcept {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

std::size_t count_modules(void* handle) noexcept {
  const auto* map = static_cast<const link_map*>(handle);
  while (map->l_prev != nullptr) {
    map = map->l_prev;
  }
  std::size_t count = 0;
  for (; map != nullptr; map = map->l_next) {
    ++count;
  }
  return count;
}

void close_what_is_left() noexcept {
  for (Namespace& each : namespaces) {
    if (each.c_library != nullptr && count_modules(each.c_library) == each.modules) {
      (void)next_function<int (*)(void*)>("dlclose")(each.c_library);
      each.c_library = nullptr;
    }
  }
}

// LM_ID_NEWLM if there can be none.
Lmid_t open_namespace(Dlmopen next) noexcept {
  const link_map* const own = ar::abi::own_c_library();
  if (own == nullptr || !ar::abi::may_redirect()) {
    return LM_ID_NEWLM;
  }
  const ar::platform::LockGuard guard(lock);
  close_what_is_left();
  Namespace* place = namespaces;
  while (place != namespaces + most_namespaces && place->c_library != nullptr) {
    ++place;
  }
  void* const c_library =
      place == namespaces + most_namespaces ? nullptr : next(LM_ID_NEWLM, own->l_name, RTLD_NOW);
  Lmid_t id = LM_ID_NEWLM;
  if (c_library == nullptr ||
      next_function<int (*)(void*, int, void*)>("dlinfo")(c_library, RTLD_DI_LMID, &id) != 0) {
    return LM_ID_NEWLM;
  }
  *place = {c_library, count_modules(c_library)};
  ar::abi::redirect_namespace(*static_cast<const link_map*>(c_library));
  ar::abi::register_fork_handlers(
      reinterpret_cast<ar::abi::ForkRegistrar>(dlsym(c_library, "__register_atfork")));
  return id;
}

struct Chosen {
  Dlmopen function;
  Lmid_t where;
};

}  // namespace

extern "C" [[gnu::visibility("hidden")]] Chosen arpent_choose_dlmopen(Lmid_t where, const char* file,
                                                                      int mode) noexcept {
  static Dlmopen next = nullptr;
  if (next == nullptr) {
    next = next_function<Dlmopen>("dlmopen");
  }
  const int saved = errno;
  if (where == LM_ID_NEWLM && file != nullptr) {
    where = open_namespace(next);
  } else if (where == LM_ID_BASE && (mode & RTLD_DEEPBIND) != 0) {
    ar::abi::redirect_process();
  }
  errno = saved;
  return {next, where};
}

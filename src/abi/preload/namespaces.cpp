// dlmopen: the libraries of a new namespace have a C library of their own, and so another malloc. The file is
// opened first, because the first one decides where all others of the namespace look symbols up; then the C
// library that came with it is redirected, and what is bound to it already. What constructors have allocated
// until then stays that C library's.
#include <dlfcn.h>
#include <link.h>

#include <cerrno>
#include <utility>

#include "abi/allocate.hpp"
#include "abi/caller.hpp"
#include "abi/foreign.hpp"
#include "abi/free.hpp"
#include "abi/preload/callers_path.hpp"
#include "abi/preload/deep_binding.hpp"
#include "abi/preload/redirection.hpp"
#include "abi/resize.hpp"
#include "abi/start.hpp"
#include "heap/resize.hpp"
#include "heap/thread_heap.hpp"

namespace ar::abi {

namespace {

using Dlmopen = void* (*)(Lmid_t where, const char* file, int mode);

constexpr std::size_t most_namespaces = 16;  // glibc's
Owner c_libraries[most_namespaces];          // their own functions, by the namespace's number

// What the modules of a namespace call.
template <std::size_t where>
struct InNamespace {
  static void free(void* pointer) noexcept {
    if (pointer == nullptr) {
      return;
    }
    if (heap::page_of(pointer) != nullptr) {
      free_block<freed_by_free>(pointer, ARPENT_CALLER);
    } else {
      free_foreign(pointer, ARPENT_CALLER, freed_by_free, &c_libraries[where]);
    }
  }
  static void* change(void* pointer, std::size_t size, std::uintptr_t caller) noexcept {
    if (pointer == nullptr) {
      return allocate<track::Family::malloc_family>(size, caller);
    }
    if (size == 0) {
      free(pointer);
      return nullptr;
    }
    return or_out_of_memory(heap::page_of(pointer) != nullptr
                                ? resize(pointer, size, caller)
                                : resize_foreign(pointer, size, nullptr, caller, &c_libraries[where]));
  }
  static void* realloc(void* pointer, std::size_t size) noexcept {
    return change(pointer, size, ARPENT_CALLER);
  }
  static void* reallocarray(void* pointer, std::size_t count, std::size_t size) noexcept {
    std::size_t total = 0;
    if (__builtin_mul_overflow(count, size, &total)) {
      set_out_of_memory();
      return nullptr;
    }
    return change(pointer, total, ARPENT_CALLER);
  }
  static std::size_t usable_size(void* pointer) noexcept {
    const heap::Page* const page = pointer == nullptr ? nullptr : heap::page_of(pointer);
    return page != nullptr ? heap::usable_size(page) : usable_size_of_foreign(pointer, &c_libraries[where]);
  }
};

template <std::size_t... where>
const FreeingFunctions& functions_of(std::size_t index, std::index_sequence<where...>) noexcept {
  static constexpr FreeingFunctions all[] = {{InNamespace<where>::free, InNamespace<where>::realloc,
                                              InNamespace<where>::reallocarray,
                                              InNamespace<where>::usable_size}...};
  return all[index];
}

// Looked up when it is needed: each function that the library imports would cost every program's start a
// look-up.
template <typename Function>
Function next_function(const char* name) noexcept {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

template <typename Function>
void find(const OpenedModule& in, const char* name, Function& function) noexcept {
  function = reinterpret_cast<Function>(const_cast<void*>(in.find(name)));
}

// False if the namespace has none.
bool find_c_library(const link_map& module, OpenedModule& found) noexcept {
  const link_map* each = &module;
  while (each->l_prev != nullptr) {
    each = each->l_prev;
  }
  for (; each != nullptr; each = each->l_next) {
    OpenedModule candidate;
    if (candidate.read(each->l_ld) && candidate.find("gnu_get_libc_version") != nullptr) {
      found = candidate;
      return true;
    }
  }
  return false;
}

void take_over(void* handle) noexcept {
  Lmid_t where = 0;
  OpenedModule c_library;
  const auto& module = *static_cast<const link_map*>(handle);
  if (next_function<int (*)(void*, int, void*)>("dlinfo")(handle, RTLD_DI_LMID, &where) != 0 || where <= 0 ||
      static_cast<std::size_t>(where) >= most_namespaces || !find_c_library(module, c_library)) {
    return;
  }
  const auto index = static_cast<std::size_t>(where);
  Owner& owner = c_libraries[index];
  find(c_library, "__libc_free", owner.free);
  find(c_library, "__libc_realloc", owner.realloc);
  find(c_library, "malloc_usable_size", owner.usable_size);
  owner.alignment = 16;
  heap::KeyCalls keys = {};
  find(c_library, "pthread_key_create", keys.create);
  find(c_library, "pthread_key_delete", keys.remove);
  if (keys.create != nullptr && keys.remove != nullptr) {
    heap::follow_ends_of_threads(keys);
  }
  ForkRegistrar registrar = nullptr;
  find(c_library, "__register_atfork", registrar);
  register_fork_handlers(registrar);
  redirect_namespace(module, c_library, functions_of(index, std::make_index_sequence<most_namespaces>()));
}

struct Chosen {
  Dlmopen function;
  void* handle;
};

}  // namespace

extern "C" [[gnu::visibility("hidden")]] Chosen arpent_choose_dlmopen(Lmid_t where, const char* file,
                                                                      int mode, const void* caller) {
  static Dlmopen next = nullptr;
  if (next == nullptr) {
    next = next_function<Dlmopen>("dlmopen");
  }
  const int saved = errno;
  char path[4096];
  if (where == LM_ID_NEWLM && file != nullptr && may_redirect()) {
    if (const char* const seen = as_caller_finds(file, caller, path, sizeof path); seen != nullptr) {
      errno = saved;
      void* const handle = next(where, seen, mode);
      if (handle != nullptr) {
        const int after = errno;
        take_over(handle);
        errno = after;
      }
      return {nullptr, handle};
    }
  } else if (where == LM_ID_BASE) {
    before_opening(file, mode);
  }
  errno = saved;
  return {next, nullptr};
}

}  // namespace ar::abi

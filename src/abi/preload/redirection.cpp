#include "abi/preload/redirection.hpp"

#include <dlfcn.h>

#include <cstring>

#include "abi/foreign.hpp"
#include "abi/preload/opened_module.hpp"

namespace ar::abi {

namespace {

constexpr const char* malloc_family[] = {"malloc",
                                         "free",
                                         "calloc",
                                         "realloc",
                                         "reallocarray",
                                         "memalign",
                                         "aligned_alloc",
                                         "posix_memalign",
                                         "valloc",
                                         "pvalloc",
                                         "malloc_usable_size",
                                         "malloc_trim",
                                         "__libc_malloc",
                                         "__libc_free",
                                         "__libc_calloc",
                                         "__libc_realloc",
                                         "__libc_memalign",
                                         "__libc_valloc",
                                         "__libc_pvalloc"};

constexpr const char* operators[] = {"_Znwm",
                                     "_Znam",
                                     "_ZnwmRKSt9nothrow_t",
                                     "_ZnamRKSt9nothrow_t",
                                     "_ZnwmSt11align_val_t",
                                     "_ZnamSt11align_val_t",
                                     "_ZnwmSt11align_val_tRKSt9nothrow_t",
                                     "_ZnamSt11align_val_tRKSt9nothrow_t",
                                     "_ZdlPv",
                                     "_ZdaPv",
                                     "_ZdlPvm",
                                     "_ZdaPvm",
                                     "_ZdlPvRKSt9nothrow_t",
                                     "_ZdaPvRKSt9nothrow_t",
                                     "_ZdlPvSt11align_val_t",
                                     "_ZdaPvSt11align_val_t",
                                     "_ZdlPvmSt11align_val_t",
                                     "_ZdaPvmSt11align_val_t",
                                     "_ZdlPvSt11align_val_tRKSt9nothrow_t",
                                     "_ZdaPvSt11align_val_tRKSt9nothrow_t"};

// The C library ends the process by them without the at-exit report.
constexpr const char* ends[] = {"_exit", "_Exit"};

template <std::size_t count>
void redirect(const OpenedModule& module, const char* const (&names)[count]) noexcept {
  for (const char* name : names) {
    if (const void* const serving = dlsym(RTLD_DEFAULT, name); serving != nullptr) {
      module.redefine(name, serving);
    }
  }
}

// A C library's own calls of the malloc family.
void redirect_calls(const OpenedModule& module) noexcept {
  module.for_each_entry([&module](const OpenedModule::Entry& entry) noexcept {
    for (const char* name : malloc_family) {
      if (std::strcmp(entry.name, name) == 0) {
        module.write(entry, dlsym(RTLD_DEFAULT, name));
      }
    }
  });
}

bool is_cpp_runtime(const char* path) noexcept {
  const char* const slash = std::strrchr(path, '/');
  const char* const name = slash == nullptr ? path : slash + 1;
  for (const char* runtime : {"libstdc++.so.", "libc++.so.", "libc++abi.so."}) {
    if (std::strncmp(name, runtime, std::strlen(runtime)) == 0) {
      return true;
    }
  }
  return false;
}

}  // namespace

const link_map* own_c_library() noexcept {
  dl_find_object object;
  void* const function = dlsym(RTLD_NEXT, "gnu_get_libc_version");
  return function != nullptr && _dl_find_object(function, &object) == 0 ? object.dlfo_link_map : nullptr;
}

void redirect_process() noexcept {
  const link_map* const c_library = own_c_library();
  if (c_library == nullptr || !may_redirect()) {
    return;
  }
  OpenedModule module;
  if (module.read(*c_library)) {
    redirect(module, malloc_family);
  }
  const link_map* first = c_library;
  while (first->l_prev != nullptr) {
    first = first->l_prev;
  }
  for (const link_map* each = first; each != nullptr; each = each->l_next) {
    OpenedModule runtime;
    if (is_cpp_runtime(each->l_name) && runtime.read(*each)) {
      redirect(runtime, operators);
    }
  }
}

void redirect_namespace(const link_map& c_library) noexcept {
  OpenedModule module;
  if (module.read(c_library)) {
    redirect(module, malloc_family);
    redirect(module, ends);
    redirect_calls(module);
  }
}

}  // namespace ar::abi

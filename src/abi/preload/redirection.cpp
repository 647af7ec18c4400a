#include "abi/preload/redirection.hpp"

#include <dlfcn.h>

#include <cstring>

#include "abi/foreign.hpp"
#include "abi/preload/opened_module.hpp"
#include "platform/runtime_names.hpp"

#define ARPENT_DECLARE_OWN(name) [[gnu::visibility("hidden")]] extern const char arpent_own_##name[]

extern "C" {
ARPENT_DECLARE_OWN(malloc);
ARPENT_DECLARE_OWN(free);
ARPENT_DECLARE_OWN(calloc);
ARPENT_DECLARE_OWN(realloc);
ARPENT_DECLARE_OWN(reallocarray);
ARPENT_DECLARE_OWN(memalign);
ARPENT_DECLARE_OWN(aligned_alloc);
ARPENT_DECLARE_OWN(posix_memalign);
ARPENT_DECLARE_OWN(valloc);
ARPENT_DECLARE_OWN(pvalloc);
ARPENT_DECLARE_OWN(malloc_usable_size);
ARPENT_DECLARE_OWN(malloc_trim);
ARPENT_DECLARE_OWN(_Znwm);
ARPENT_DECLARE_OWN(_ZnwmRKSt9nothrow_t);
ARPENT_DECLARE_OWN(_ZnwmSt11align_val_t);
ARPENT_DECLARE_OWN(_ZnwmSt11align_val_tRKSt9nothrow_t);
ARPENT_DECLARE_OWN(_Znam);
ARPENT_DECLARE_OWN(_ZnamRKSt9nothrow_t);
ARPENT_DECLARE_OWN(_ZnamSt11align_val_t);
ARPENT_DECLARE_OWN(_ZnamSt11align_val_tRKSt9nothrow_t);
ARPENT_DECLARE_OWN(_ZdlPv);
ARPENT_DECLARE_OWN(_ZdlPvm);
ARPENT_DECLARE_OWN(_ZdlPvRKSt9nothrow_t);
ARPENT_DECLARE_OWN(_ZdlPvSt11align_val_t);
ARPENT_DECLARE_OWN(_ZdlPvmSt11align_val_t);
ARPENT_DECLARE_OWN(_ZdlPvSt11align_val_tRKSt9nothrow_t);
ARPENT_DECLARE_OWN(_ZdaPv);
ARPENT_DECLARE_OWN(_ZdaPvm);
ARPENT_DECLARE_OWN(_ZdaPvRKSt9nothrow_t);
ARPENT_DECLARE_OWN(_ZdaPvSt11align_val_t);
ARPENT_DECLARE_OWN(_ZdaPvmSt11align_val_t);
ARPENT_DECLARE_OWN(_ZdaPvSt11align_val_tRKSt9nothrow_t);
ARPENT_DECLARE_OWN(_exit);
ARPENT_DECLARE_OWN(_Exit);
}

namespace ar::abi {

namespace {

// A function of this copy of the library, and a name that shall lead to it. Not whatever serves the process
// by this name: that may be a wrapper of the program's, around what it looked up in the C library.
struct OwnFunction {
  const char* name;
  const void* function;
};
#define ARPENT_OWN_FUNCTION(name) {#name, arpent_own_##name}

constexpr OwnFunction malloc_family[] = {
    ARPENT_OWN_FUNCTION(malloc),
    ARPENT_OWN_FUNCTION(free),
    ARPENT_OWN_FUNCTION(calloc),
    ARPENT_OWN_FUNCTION(realloc),
    ARPENT_OWN_FUNCTION(reallocarray),
    ARPENT_OWN_FUNCTION(memalign),
    ARPENT_OWN_FUNCTION(aligned_alloc),
    ARPENT_OWN_FUNCTION(posix_memalign),
    ARPENT_OWN_FUNCTION(valloc),
    ARPENT_OWN_FUNCTION(pvalloc),
    ARPENT_OWN_FUNCTION(malloc_usable_size),
    ARPENT_OWN_FUNCTION(malloc_trim),
    {"__libc_malloc", arpent_own_malloc},
    {"__libc_free", arpent_own_free},
    {"__libc_calloc", arpent_own_calloc},
    {"__libc_realloc", arpent_own_realloc},
    {"__libc_memalign", arpent_own_memalign},
    {"__libc_valloc", arpent_own_valloc},
    {"__libc_pvalloc", arpent_own_pvalloc},
};

constexpr OwnFunction operators[] = {
    ARPENT_OWN_FUNCTION(_Znwm),
    ARPENT_OWN_FUNCTION(_ZnwmRKSt9nothrow_t),
    ARPENT_OWN_FUNCTION(_ZnwmSt11align_val_t),
    ARPENT_OWN_FUNCTION(_ZnwmSt11align_val_tRKSt9nothrow_t),
    ARPENT_OWN_FUNCTION(_Znam),
    ARPENT_OWN_FUNCTION(_ZnamRKSt9nothrow_t),
    ARPENT_OWN_FUNCTION(_ZnamSt11align_val_t),
    ARPENT_OWN_FUNCTION(_ZnamSt11align_val_tRKSt9nothrow_t),
    ARPENT_OWN_FUNCTION(_ZdlPv),
    ARPENT_OWN_FUNCTION(_ZdlPvm),
    ARPENT_OWN_FUNCTION(_ZdlPvRKSt9nothrow_t),
    ARPENT_OWN_FUNCTION(_ZdlPvSt11align_val_t),
    ARPENT_OWN_FUNCTION(_ZdlPvmSt11align_val_t),
    ARPENT_OWN_FUNCTION(_ZdlPvSt11align_val_tRKSt9nothrow_t),
    ARPENT_OWN_FUNCTION(_ZdaPv),
    ARPENT_OWN_FUNCTION(_ZdaPvm),
    ARPENT_OWN_FUNCTION(_ZdaPvRKSt9nothrow_t),
    ARPENT_OWN_FUNCTION(_ZdaPvSt11align_val_t),
    ARPENT_OWN_FUNCTION(_ZdaPvmSt11align_val_t),
    ARPENT_OWN_FUNCTION(_ZdaPvSt11align_val_tRKSt9nothrow_t),
};

// The C library ends the process by them without the at-exit report.
constexpr OwnFunction ends[] = {ARPENT_OWN_FUNCTION(_exit), ARPENT_OWN_FUNCTION(_Exit)};

template <std::size_t count>
void redirect(const OpenedModule& module, const OwnFunction (&functions)[count]) noexcept {
  for (const OwnFunction& each : functions) {
    module.redefine(each.name, each.function);
  }
}

// Runtimes that deeply bound libraries brought: to redirect them would part what is bound to them already
// from what comes later.
constexpr std::size_t most_left_alone = 8;
std::uintptr_t left_alone[most_left_alone];

void leave_alone(std::uintptr_t runtime) noexcept {
  for (std::uintptr_t& each : left_alone) {
    std::uintptr_t known = 0;
    if (__atomic_compare_exchange_n(&each, &known, runtime, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED) ||
        known == runtime) {
      return;
    }
  }
}

bool is_left_alone(std::uintptr_t runtime) noexcept {
  for (const std::uintptr_t& each : left_alone) {
    if (__atomic_load_n(&each, __ATOMIC_RELAXED) == runtime) {
      return true;
    }
  }
  return false;
}

int leave_alone_if_runtime(dl_phdr_info* module, std::size_t, void*) noexcept {
  if (module->dlpi_name != nullptr && platform::is_cpp_runtime(module->dlpi_name)) {
    leave_alone(module->dlpi_addr);
  }
  return 0;
}

// Of the loader's list, which no other thread changes meanwhile.
int redirect_if_runtime(dl_phdr_info* module, std::size_t, void*) noexcept {
  if (module->dlpi_name == nullptr || !platform::is_cpp_runtime(module->dlpi_name) ||
      is_left_alone(module->dlpi_addr)) {
    return 0;
  }
  for (std::size_t i = 0; i < module->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = module->dlpi_phdr[i];
    OpenedModule runtime;
    if (segment.p_type == PT_DYNAMIC &&
        runtime.read(reinterpret_cast<const ElfW(Dyn)*>(module->dlpi_addr + segment.p_vaddr))) {
      redirect(runtime, operators);
    }
  }
  return 0;
}

const link_map* own_c_library() noexcept {
  dl_find_object object;
  void* const function = dlsym(RTLD_NEXT, "gnu_get_libc_version");
  return function != nullptr && _dl_find_object(function, &object) == 0 ? object.dlfo_link_map : nullptr;
}

}  // namespace

namespace {

const void* in_namespace(const OwnFunction& own, const FreeingFunctions& freeing) noexcept {
  if (own.function == arpent_own_free) {
    return reinterpret_cast<const void*>(freeing.free);
  }
  if (own.function == arpent_own_realloc) {
    return reinterpret_cast<const void*>(freeing.realloc);
  }
  if (own.function == arpent_own_reallocarray) {
    return reinterpret_cast<const void*>(freeing.reallocarray);
  }
  return own.function == arpent_own_malloc_usable_size ? reinterpret_cast<const void*>(freeing.usable_size)
                                                       : own.function;
}

// What leads to one function is made to lead to another.
struct Change {
  const char* name;
  const void* from;
  const void* to;
};
constexpr std::size_t most_changes =
    sizeof malloc_family / sizeof *malloc_family + sizeof ends / sizeof *ends;

struct Changes {
  Change all[most_changes];
  std::size_t count = 0;

  void add(const OpenedModule& c_library, const OwnFunction& own, const FreeingFunctions& freeing) noexcept {
    if (const void* const original = c_library.find(own.name); original != nullptr) {
      all[count++] = {own.name, original, in_namespace(own, freeing)};
    }
  }
  void make_in_entries(const OpenedModule& module) const noexcept {
    module.for_each_entry([this, &module](const OpenedModule::Entry& entry) noexcept {
      for (std::size_t i = 0; i < count; ++i) {
        if (__atomic_load_n(entry.place, __ATOMIC_RELAXED) == reinterpret_cast<std::uintptr_t>(all[i].from)) {
          module.write(entry, all[i].to);
          return;
        }
      }
    });
  }
};

}  // namespace

void redirect_namespace(const link_map& module, const OpenedModule& c_library,
                        const FreeingFunctions& freeing) noexcept {
  Changes changes;
  for (const OwnFunction& each : malloc_family) {
    changes.add(c_library, each, freeing);
  }
  for (const OwnFunction& each : ends) {
    changes.add(c_library, each, freeing);
  }
  // The symbols first: what is bound meanwhile is bound to the new functions.
  for (std::size_t i = 0; i < changes.count; ++i) {
    c_library.redefine(changes.all[i].name, changes.all[i].to);
  }
  const link_map* each = &module;
  while (each->l_prev != nullptr) {
    each = each->l_prev;
  }
  for (; each != nullptr; each = each->l_next) {
    OpenedModule bound;
    if (bound.read(each->l_ld)) {
      changes.make_in_entries(bound);
    }
  }
}

void leave_new_runtimes_alone() noexcept { dl_iterate_phdr(leave_alone_if_runtime, nullptr); }

void redirect_process() noexcept {
  const link_map* const c_library = own_c_library();
  if (c_library == nullptr || !may_redirect()) {
    return;
  }
  OpenedModule module;
  if (module.read(c_library->l_ld)) {
    redirect(module, malloc_family);
  }
  dl_iterate_phdr(redirect_if_runtime, nullptr);
}

}  // namespace ar::abi

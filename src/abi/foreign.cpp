#include "abi/foreign.hpp"

#include <dlfcn.h>

#include <cstdlib>

#include "abi/allocate.hpp"
#include "abi/copies.hpp"
#include "abi/early_blocks.hpp"
#include "abi/misuse.hpp"
#include "abi/start.hpp"
#include "platform/anonymous_memory.hpp"
#include "platform/relocation.hpp"

extern "C" {
// Absent in a fully static program, where ours is the only allocator.
[[gnu::weak]] void* dlopen(const char* path, int mode) noexcept(noexcept(::dlopen(nullptr, 0)));
[[gnu::weak]] void* dlsym(void* handle, const char* name) noexcept;

// This copy's own functions: their public names can lead to another's.
[[gnu::visibility("hidden")]] void arpent_own_free(void*);
[[gnu::visibility("hidden")]] void* arpent_own_realloc(void*, std::size_t);
[[gnu::visibility("hidden")]] std::size_t arpent_own_malloc_usable_size(void*);
}

namespace ar::abi {

namespace {

template <typename Function>
void find_function(Function& function, void* scope, const char* name) noexcept {
  function = reinterpret_cast<Function>(dlsym(scope, name));
}

// A pointer that is no block of ours can still be another allocator's: that of the allocator that serves the
// process, if this one does not, or of the C library's heap (made before this heap served, or by its internal
// names). The allocator that serves the process, unless its `free` leads back to this copy: then the C
// library's.
Owner find_owner() noexcept {
  Owner in_program;
  // The program's own look-up: in a plug-in that is bound deeply, RTLD_DEFAULT would find the plug-in's.
  void* const program = dlopen(nullptr, RTLD_LAZY);
  find_function(in_program.free, program, "free");
  find_function(in_program.realloc, program, "realloc");
  find_function(in_program.usable_size, program, "malloc_usable_size");
  Owner c_library;
  find_function(c_library.free, RTLD_NEXT, "__libc_free");
  find_function(c_library.realloc, RTLD_NEXT, "__libc_realloc");
  find_function(c_library.usable_size, RTLD_NEXT, "malloc_usable_size");
  c_library.alignment = 16;
  in_program.alignment = in_program.free == c_library.free ? 16 : 8;

  // The program's `free` can be a wrapper around ours; then this module sees it too.
  const bool leads_here = in_program.free == &arpent_own_free || in_program.realloc == &arpent_own_realloc ||
                          (in_program.free == &::free && where_free_leads() != FreeLeads::elsewhere);
  if (leads_here || in_program.free == nullptr) {
    return c_library;
  }
  if (in_program.usable_size == &arpent_own_malloc_usable_size) {
    in_program.usable_size = nullptr;  // the program's allocator has none
  }
  return in_program;
}

const Owner& known_owner() noexcept {
  static Owner owner;
  static bool is_known = false;
  if (!__atomic_load_n(&is_known, __ATOMIC_ACQUIRE)) {
    const Owner found = find_owner();
    // Another thread finds the same, unless the C library's names have been redirected meanwhile: and before
    // that, its own functions were remembered here.
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if (!__atomic_load_n(&is_known, __ATOMIC_ACQUIRE)) {
      owner = found;
      __atomic_store_n(&is_known, where_free_leads() != FreeLeads::unknown, __ATOMIC_RELEASE);
    }
  }
  return owner;
}

// Null unless the pointer may be a block of the owner's. Such blocks lie in anonymous memory; what points
// elsewhere is a mistake.
const Owner* owner_of(const void* pointer, const Owner* from) noexcept {
  if (from == nullptr && (&dlsym == nullptr || &dlopen == nullptr)) {
    return nullptr;
  }
  const Owner& owner = from == nullptr ? known_owner() : *from;
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  return address % owner.alignment == 0 && platform::is_anonymous_memory(address) ? &owner : nullptr;
}

// Grown or shrunk, also before this library is relocated. Null if there is no memory.
void* resize_early_block(void* pointer, std::size_t size, std::uintptr_t caller) noexcept {
  void* const made = platform::is_relocated() ? allocate<track::Family::malloc_family>(size, caller)
                                              : allocate_early(size, heap::granularity);
  const std::size_t old_size = made == nullptr ? 0 : early_block_size(pointer);
  const std::size_t kept = old_size < size ? old_size : size;
  // Volatile, or the compiler would call memcpy, which may not be bound yet.
  for (std::size_t i = 0; i < kept; ++i) {
    static_cast<volatile char*>(made)[i] = static_cast<const volatile char*>(pointer)[i];
  }
  return made;
}

}  // namespace

bool may_redirect() noexcept {
  if (other_copy() != nullptr) {
    return true;
  }
  if (where_free_leads() != FreeLeads::here) {
    return false;
  }
  (void)known_owner();
  return true;
}

void free_foreign(void* pointer, std::uintptr_t caller, std::uint32_t families, const Owner* from) noexcept {
  if (is_early_block(pointer) || !platform::is_relocated()) {
    return;
  }
  if (const Calls* const other = other_copy(); other != nullptr) {
    other->free(pointer, caller, families);
    return;
  }
  const Owner* const owner = owner_of(pointer, from);
  if (owner == nullptr || owner->free == nullptr) {
    report_not_a_block(pointer, caller);
  } else if (!report_if_owned(pointer, caller)) {
    owner->free(pointer);
  }
}

void* resize_foreign(void* pointer, std::size_t size, const track::AnnotatedSite* annotated,
                     std::uintptr_t caller, const Owner* from) noexcept {
  if (is_early_block(pointer)) {
    return resize_early_block(pointer, size, caller);
  }
  if (const Calls* const other = other_copy(); other != nullptr) {
    return other->resize(pointer, size, annotated, caller);
  }
  const Owner* const owner = owner_of(pointer, from);
  if (owner == nullptr || owner->realloc == nullptr) {
    report_not_a_block(pointer, caller);
    return nullptr;
  }
  return report_if_owned(pointer, caller) ? nullptr : owner->realloc(pointer, size);
}

std::size_t usable_size_of_foreign(void* pointer, const Owner* from) noexcept {
  if (pointer == nullptr) {
    return 0;
  }
  if (const std::size_t size = early_block_size(pointer); size != 0) {
    return size;
  }
  if (const Calls* const other = other_copy(); other != nullptr) {
    return other->usable_size(pointer);
  }
  const Owner* const owner = owner_of(pointer, from);
  return owner == nullptr || owner->usable_size == nullptr ? 0 : owner->usable_size(pointer);
}

}  // namespace ar::abi

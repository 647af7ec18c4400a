// Every replaceable operator new and delete. The only file of the library that throws: it does so through
// what the program's C++ runtime provides, if the program has one, so that C and Zig programs link too.
#include <dlfcn.h>

#include <cstddef>
#include <new>

#include "abi/allocate.hpp"
#include "abi/export.hpp"
#include "abi/free.hpp"
#include "abi/own_functions.hpp"

// What the compiler's exception tables refer to, made weak as well.
asm(".weak __gxx_personality_v0\n"
    ".weak __cxa_begin_catch\n"
    ".weak __cxa_end_catch\n"
    ".weak _Unwind_Resume\n"
    ".weak _ZSt9terminatev\n"
    ".weak __cxa_call_terminate\n");

// Not there in a fully static program.
extern "C" {
[[gnu::weak]] void* dlopen(const char* path, int mode) noexcept(noexcept(::dlopen(nullptr, 0)));
[[gnu::weak]] void* dlsym(void* handle, const char* name) noexcept;
}

namespace std {
[[gnu::weak]] void __throw_bad_alloc();
[[gnu::weak]] new_handler get_new_handler() noexcept;
}  // namespace std

namespace {

using ar::abi::freed_by_delete;
using ar::abi::freed_by_delete_array;
using ar::track::Family;

using Thrower = void (*)();
using HandlerGetter = std::new_handler (*)();

// A C++ runtime that came only with a library opened later (an interpreter's extension module, say).
template <typename Function>
Function in_runtime_loaded_later(const char* name) noexcept {
  if (&dlopen == nullptr || &dlsym == nullptr) {
    return nullptr;
  }
  void* runtime = dlopen("libstdc++.so.6", RTLD_NOLOAD | RTLD_LAZY);
  return runtime == nullptr ? nullptr : reinterpret_cast<Function>(dlsym(runtime, name));
}

// Asks the program's new handler to make room. False when there is none.
bool ask_new_handler() {
  HandlerGetter get = &std::get_new_handler;
  if (get == nullptr) {
    get = in_runtime_loaded_later<HandlerGetter>("_ZSt15get_new_handlerv");
  }
  const std::new_handler handler = get == nullptr ? nullptr : get();
  if (handler == nullptr) {
    return false;
  }
  handler();
  return true;
}

[[noreturn]] void throw_bad_alloc() {
  Thrower thrower = &std::__throw_bad_alloc;
  if (thrower == nullptr) {
    thrower = in_runtime_loaded_later<Thrower>("_ZSt17__throw_bad_allocv");
  }
  if (thrower != nullptr) {
    thrower();
  }
  __builtin_trap();  // without a C++ runtime there is nobody to catch it
}

[[gnu::noinline]] void* try_again(std::size_t size, std::size_t alignment, std::uintptr_t caller,
                                  Family family) {
  while (ask_new_handler()) {
    if (void* block = ar::abi::allocate_aligned(size, alignment, caller, family); block != nullptr) {
      return block;
    }
  }
  return nullptr;
}

[[gnu::noinline]] void* try_again_or_throw(std::size_t size, std::size_t alignment, std::uintptr_t caller,
                                           Family family) {
  void* block = try_again(size, alignment, caller, family);
  if (block == nullptr) {
    throw_bad_alloc();
  }
  return block;
}

[[gnu::noinline]] void* try_again_or_null(std::size_t size, std::size_t alignment, std::uintptr_t caller,
                                          Family family) noexcept {
  try {
    return try_again(size, alignment, caller, family);
  } catch (...) {
    return nullptr;  // a new handler may throw; nothrow new gives null then
  }
}

template <std::uint32_t families>
[[gnu::always_inline]] inline void free_unless_null(void* pointer, std::uintptr_t caller) noexcept {
  if (pointer != nullptr) {
    ar::abi::free_block<families>(pointer, caller);
  }
}

}  // namespace

#define ARPENT_NEW(OPERATOR, FAMILY)                                                                   \
  ARPENT_EXPORT void* operator OPERATOR(std::size_t size) {                                            \
    void* block = ar::abi::allocate<FAMILY>(size, ARPENT_CALLER);                                      \
    return block != nullptr ? block : try_again_or_throw(size, 1, ARPENT_CALLER, FAMILY);              \
  }                                                                                                    \
  ARPENT_EXPORT void* operator OPERATOR(std::size_t size, const std::nothrow_t&) noexcept {            \
    void* block = ar::abi::allocate<FAMILY>(size, ARPENT_CALLER);                                      \
    return block != nullptr ? block : try_again_or_null(size, 1, ARPENT_CALLER, FAMILY);               \
  }                                                                                                    \
  ARPENT_EXPORT void* operator OPERATOR(std::size_t size, std::align_val_t alignment) {                \
    void* block =                                                                                      \
        ar::abi::allocate_aligned(size, static_cast<std::size_t>(alignment), ARPENT_CALLER, FAMILY);   \
    return block != nullptr                                                                            \
               ? block                                                                                 \
               : try_again_or_throw(size, static_cast<std::size_t>(alignment), ARPENT_CALLER, FAMILY); \
  }                                                                                                    \
  ARPENT_EXPORT void* operator OPERATOR(std::size_t size, std::align_val_t alignment,                  \
                                        const std::nothrow_t&) noexcept {                              \
    void* block =                                                                                      \
        ar::abi::allocate_aligned(size, static_cast<std::size_t>(alignment), ARPENT_CALLER, FAMILY);   \
    return block != nullptr                                                                            \
               ? block                                                                                 \
               : try_again_or_null(size, static_cast<std::size_t>(alignment), ARPENT_CALLER, FAMILY);  \
  }

#define ARPENT_DELETE(OPERATOR, FAMILIES)                                                                 \
  ARPENT_EXPORT void operator OPERATOR(void* pointer) noexcept {                                          \
    free_unless_null<FAMILIES>(pointer, ARPENT_CALLER);                                                   \
  }                                                                                                       \
  ARPENT_EXPORT void operator OPERATOR(void* pointer, std::size_t) noexcept {                             \
    free_unless_null<FAMILIES>(pointer, ARPENT_CALLER);                                                   \
  }                                                                                                       \
  ARPENT_EXPORT void operator OPERATOR(void* pointer, std::align_val_t) noexcept {                        \
    free_unless_null<FAMILIES>(pointer, ARPENT_CALLER);                                                   \
  }                                                                                                       \
  ARPENT_EXPORT void operator OPERATOR(void* pointer, std::size_t, std::align_val_t) noexcept {           \
    free_unless_null<FAMILIES>(pointer, ARPENT_CALLER);                                                   \
  }                                                                                                       \
  ARPENT_EXPORT void operator OPERATOR(void* pointer, const std::nothrow_t&) noexcept {                   \
    free_unless_null<FAMILIES>(pointer, ARPENT_CALLER);                                                   \
  }                                                                                                       \
  ARPENT_EXPORT void operator OPERATOR(void* pointer, std::align_val_t, const std::nothrow_t&) noexcept { \
    free_unless_null<FAMILIES>(pointer, ARPENT_CALLER);                                                   \
  }

ARPENT_NEW(new, Family::new_object)
ARPENT_NEW(new[], Family::new_array)
ARPENT_DELETE(delete, freed_by_delete)
ARPENT_DELETE(delete[], freed_by_delete_array)

ARPENT_OWN(_Znwm);
ARPENT_OWN(_ZnwmRKSt9nothrow_t);
ARPENT_OWN(_ZnwmSt11align_val_t);
ARPENT_OWN(_ZnwmSt11align_val_tRKSt9nothrow_t);
ARPENT_OWN(_Znam);
ARPENT_OWN(_ZnamRKSt9nothrow_t);
ARPENT_OWN(_ZnamSt11align_val_t);
ARPENT_OWN(_ZnamSt11align_val_tRKSt9nothrow_t);
ARPENT_OWN(_ZdlPv);
ARPENT_OWN(_ZdlPvm);
ARPENT_OWN(_ZdlPvRKSt9nothrow_t);
ARPENT_OWN(_ZdlPvSt11align_val_t);
ARPENT_OWN(_ZdlPvmSt11align_val_t);
ARPENT_OWN(_ZdlPvSt11align_val_tRKSt9nothrow_t);
ARPENT_OWN(_ZdaPv);
ARPENT_OWN(_ZdaPvm);
ARPENT_OWN(_ZdaPvRKSt9nothrow_t);
ARPENT_OWN(_ZdaPvSt11align_val_t);
ARPENT_OWN(_ZdaPvmSt11align_val_t);
ARPENT_OWN(_ZdaPvSt11align_val_tRKSt9nothrow_t);

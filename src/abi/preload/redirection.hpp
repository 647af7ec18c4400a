// Keeping one heap where the loader would lead a module to the C library's malloc past this library's:
// libraries that are bound deeply, those of other namespaces, and code that looks functions up in the C
// library itself. The C library's own symbols of these functions are made to lead to this library.
#pragma once

#include <link.h>

#include <cstddef>

#include "abi/preload/opened_module.hpp"

namespace ar::abi {

// Of the process's own C library and C++ runtimes. Any thread.
void redirect_process() noexcept;

// C++ runtimes that were loaded since the last redirection are bound to themselves, and stay so.
void leave_new_runtimes_alone() noexcept;

// The functions of a namespace that must know whose blocks they may get: those of its own C library, too.
struct FreeingFunctions {
  void (*free)(void*) noexcept;
  void* (*realloc)(void*, std::size_t) noexcept;
  void* (*reallocarray)(void*, std::size_t, std::size_t) noexcept;
  std::size_t (*usable_size)(void*) noexcept;
};

// Of another namespace's C library, and what its modules are bound to already. `module` is one of the
// namespace's.
void redirect_namespace(const link_map& module, const OpenedModule& c_library,
                        const FreeingFunctions& freeing) noexcept;

}  // namespace ar::abi

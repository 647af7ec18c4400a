// Keeping one heap where the loader would lead a module to the C library's malloc past this library's:
// libraries that are bound deeply, those of other namespaces, and code that looks functions up in the C
// library itself. The C library's own symbols of these functions are made to lead to what serves the process.
#pragma once

#include <link.h>

namespace ar::abi {

// Of the process's own C library and C++ runtimes.
void redirect_process() noexcept;

// Of another namespace's C library, which then also calls what serves the process by itself.
void redirect_namespace(const link_map& c_library) noexcept;

// Null if it is not known.
[[nodiscard]] const link_map* own_c_library() noexcept;

}  // namespace ar::abi

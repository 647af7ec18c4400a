// The shared libraries that make up the C and C++ runtime. What they allocate for themselves and keep to the
// end (the buffer of standard output, the exceptions' emergency memory) is not the program's leak.
#pragma once

#include "track/region/profile_layout.hpp"

namespace ar::leaks {

// The process's loader, under any file name; by its name if the loader itself was executed.
[[nodiscard]] bool is_loader(const track::ModuleRecord& module) noexcept;

// The loader, and what has the file name of a runtime library of glibc, musl, GCC or LLVM (libc, libm,
// libstdc++, libgcc_s, libc++ …).
[[nodiscard]] bool is_runtime(const track::ModuleRecord& module) noexcept;

// What defines operator new and delete among these, by its file name.
[[nodiscard]] bool is_cpp_runtime(const track::ModuleRecord& module) noexcept;

}  // namespace ar::leaks

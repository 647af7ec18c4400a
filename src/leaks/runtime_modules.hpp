// The shared libraries that make up the C and C++ runtime. What they allocate for themselves and keep to the
// end (the buffer of standard output, the exceptions' emergency memory) is not the program's leak.
#pragma once

#include "track/region/profile_layout.hpp"

namespace ar::leaks {

// The process's loader, whatever its file is called.
[[nodiscard]] bool is_loader(const track::ModuleRecord& module) noexcept;

// The loader; by the file's name: libc, the loader, libm, libstdc++, libgcc_s and their kin, glibc's, musl's
// and LLVM's.
[[nodiscard]] bool is_runtime(const track::ModuleRecord& module) noexcept;

}  // namespace ar::leaks

// The `operator new` and `operator delete` that modules define themselves: a C++ runtime that was linked into
// a library, whatever the library is called, and operators of the program's own.
#pragma once

#include <cstdint>

namespace ar::track {

// Whether the address lies in an `operator new` that its module defines. The module: index + 1.
[[nodiscard]] bool is_in_operator_new(std::uint32_t module, std::uintptr_t address) noexcept;

// Whether a module that is loaded, and known to the profile, defines an `operator delete`. Of the modules
// whose file name is that of a shared C++ runtime, `also_shared` says whether they count; the module that
// holds `own_code` never does.
[[nodiscard]] bool some_module_defines_delete(bool also_shared, std::uintptr_t own_code) noexcept;

}  // namespace ar::track

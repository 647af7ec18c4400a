// Which file the loader finds for a module that opens one: it searches the module's RUNPATH, and knows its
// $ORIGIN. For a call that does not come from that module.
#pragma once

#include <cstddef>

namespace ar::abi {

// What to give to the loader from anywhere: `file` itself, or a path in `buffer`. Null if only the loader can
// tell. `caller` is an address in the module.
[[nodiscard]] const char* as_caller_finds(const char* file, const void* caller, char* buffer,
                                          std::size_t size) noexcept;

}  // namespace ar::abi

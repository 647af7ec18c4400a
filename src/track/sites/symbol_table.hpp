// The functions of a module, from the symbol table in its file, or from what it exports if that is stripped.
#pragma once

#include <cstdint>

#include "track/region/profile_layout.hpp"

namespace ar::track {

struct Function {
  const char* name;          // only for the length of the visit
  std::uint64_t start, end;  // addresses in the process
};

// Calls visit(function, context) for each function that has a name and a size. Does nothing when there are no
// symbols, when the file is gone, or when it is no longer the file that was loaded. Reads the file, allocates
// nothing, takes no lock.
void for_each_function(const ModuleRecord& module, void (*visit)(const Function& function, void* context),
                       void* context) noexcept;

}  // namespace ar::track

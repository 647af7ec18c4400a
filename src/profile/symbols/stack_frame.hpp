// One function of a stack, named as every report names it.
#pragma once

#include <cstdint>
#include <string>

namespace ar::profile {

struct StackFrame {
  std::string name;      // never empty: the function, shortened; "libfoo.so+0x12" if it is unknown
  std::string function;  // demangled in full; empty if unknown
  std::string file;      // absolute, or as the compiler wrote it; empty if unknown
  std::uint32_t line = 0;
  std::string module;    // path of the file that holds its code; empty if none does
  bool inlined = false;  // into the frame that follows
  bool wrapper = false;  // allocates on its caller's behalf

  [[nodiscard]] bool operator==(const StackFrame&) const = default;
};

}  // namespace ar::profile

// Unwinding with all registers: for functions whose callers cannot be found from the stack pointer and rbp.
#pragma once

#include <cstddef>
#include <cstdint>

#include "unwind/registers.hpp"

namespace ar::unwind {

// As capture_from() of unwind/unwind.hpp. Remembers nothing: some 500 ns a frame.
[[nodiscard]] std::size_t walk_with_all_registers(Registers registers, std::uintptr_t* frames,
                                                  std::size_t most) noexcept;

}  // namespace ar::unwind

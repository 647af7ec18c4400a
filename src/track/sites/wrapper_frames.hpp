// Who really called: past the functions of language runtimes that only hand a request on.
//
// A Zig program that is not optimised reaches malloc through half a dozen small functions of the standard
// library, which its return address alone cannot tell apart from any other use. They are known by their names
// in the module's symbol table, and left by their frame pointers.
#pragma once

#include <cstdint>

namespace ar::track {

// `caller`: where a function of ours returns to; `frame`: that function's __builtin_frame_address(0). Gives
// the innermost return address on the stack that lies in no known wrapper: `caller` itself when that is none.
// 0 when it cannot be told: no symbols, a wrapper without frame pointer, tracking off. Exact or 0, never a
// guess.
//
// Costs a look into a table; for an address that is new, a search in the symbols, under the region's lock;
// for a module that is new, reading them from its file.
[[nodiscard]] std::uintptr_t past_wrappers(std::uintptr_t caller, const void* frame) noexcept;

// Modules were unloaded, and their addresses may soon mean something else. The caller holds the region's
// lock.
void forget_wrappers() noexcept;

}  // namespace ar::track

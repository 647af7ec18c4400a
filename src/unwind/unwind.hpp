// The calling thread's stack: the return addresses, innermost first, by the call-frame information (CFI) that
// compilers leave in every module, so that no frame pointers are needed.
//
// What comes out is right as far as it goes: where the next frame cannot be known, the stack ends there. May
// be called anywhere, in signal handlers and inside malloc too: takes no lock, allocates nothing, leaves
// errno alone, reads no memory that is not there. Needs the calling thread's thread-local storage.
#pragma once

#include <cstddef>
#include <cstdint>

#include "unwind/context.hpp"
#include "unwind/stack_memory.hpp"

namespace ar::unwind {

// Fills in at most `most` return addresses; gives how many. The first is where the function of `from` returns
// to, the last usually in the program's or the thread's start routine.
//
// An address that was interrupted by a signal, not returned to by a call, comes as it is: it is the
// instruction itself, which a call's return address comes after.
//
// On aarch64 this follows frame records (x29), which every ABI there asks for but which a compiler may be
// told to leave out; a function that is interrupted before it has made its record goes missing.
std::size_t capture_from(const Context& from, std::uintptr_t* frames, std::size_t most) noexcept;

// The stack of the function that it is inlined in: first where that function returns to.
[[gnu::always_inline]] inline std::size_t capture(std::uintptr_t* frames, std::size_t most) noexcept {
  const Context context = context_here();
  return capture_from(context, frames, most);
}

std::size_t capture_from(const Context& from, std::uintptr_t* frames, std::size_t most,
                         StackMemory& memory) noexcept;

[[gnu::always_inline]] inline std::size_t capture(std::uintptr_t* frames, std::size_t most,
                                                  StackMemory& memory) noexcept {
  const Context context = context_here();
  return capture_from(context, frames, most, memory);
}

// Code was unloaded, and its addresses may soon hold other code: what is remembered of them is forgotten. To
// be called after every unloading, by any thread.
void forget_unloaded_code() noexcept;

}  // namespace ar::unwind

// The life of the process, as start.cpp sees it.
#pragma once

#include <cstdint>

namespace ar::abi {

// Called for free(NULL): how start.cpp finds out whether the process's `free` is this one.
void note_null_free() noexcept;

// Where the `free` that this copy's module sees leads to, through wrappers or not.
enum class FreeLeads : std::uint8_t { unknown, here, elsewhere };
[[nodiscard]] FreeLeads where_free_leads() noexcept;  // unknown until the library has started

// What _exit does first.
void finish_before_exit_call() noexcept;

// Registers what a fork takes, with the __register_atfork of a C library; null does nothing.
using ForkRegistrar = int (*)(void (*before)(), void (*in_parent)(), void (*in_child)(), void* module);
void register_fork_handlers(ForkRegistrar registrar) noexcept;

// True for a child made by vfork, which runs in its parent's memory; never in a sandbox, where it is not
// known.
[[nodiscard]] bool is_borrowed_memory() noexcept;

}  // namespace ar::abi

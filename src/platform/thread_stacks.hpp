// Which part of memory is which thread's stack, so that what dead frames left behind is not taken for live.
//
// glibc does not tell this without taking locks and allocating, so it is read from the thread's descriptor
// (struct pthread), whose layout is not public. Every answer is checked against what must hold in it; where
// that fails, the answer is "not known", and the memory is treated like any other.
#pragma once

#include <cstddef>
#include <cstdint>

#include "platform/memory_reader.hpp"

namespace ar::platform {

// A stack that glibc has mapped for a thread: frames grow down from top, where thread-local storage and the
// descriptor lie.
struct ThreadStack {
  std::uintptr_t start;  // lowest usable address
  std::uintptr_t top;    // the descriptor: the thread pointer
};

// The stack of the thread with this thread pointer. False for stacks that are not glibc's (the main thread's,
// the user's own), and on processors other than x86-64.
[[nodiscard]] bool stack_of_thread(std::uintptr_t thread_pointer, const MemoryReader& reader,
                                   ThreadStack& stack) noexcept;

// True when memory at `words`, a copy of that at `address`, may begin a thread's descriptor. The copy must
// hold `descriptor_probe_words` words; the address must be a multiple of descriptor_alignment.
inline constexpr std::size_t descriptor_probe_words = 3;
inline constexpr std::size_t descriptor_alignment = 64;
[[nodiscard]] bool may_be_descriptor(std::uintptr_t address, const std::uintptr_t* words) noexcept;

// True when the descriptor is one that glibc has in its lists: of a living thread, of one that waits to be
// joined, or of one whose stack is kept for the next thread.
[[nodiscard]] bool is_listed_descriptor(std::uintptr_t address, const MemoryReader& reader) noexcept;

}  // namespace ar::platform

// What the kernel tells of one thread of this process.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ar::platform {

struct ThreadFacts {
  bool exists;    // false: it has ended, or is a helper of the kernel's that never runs the program's code
  bool runnable;  // running, or waiting for a processor
  std::uint64_t blocked_signals;  // bit n - 1 for signal n
};

// Asks /proc.
[[nodiscard]] ThreadFacts facts_of_thread(std::int32_t tid) noexcept;

// A thread's name with its final NUL, as the system shows it.
inline constexpr std::size_t thread_name_size = 16;
void read_own_thread_name(char (&name)[thread_name_size]) noexcept;  // "" when it cannot be told
void read_thread_name(std::int32_t tid, char (&name)[thread_name_size]) noexcept;  // else as it was

// The system call that a thread waits in: its arguments, then its stack pointer. Number of words filled in
// (at most 7, the last of them the stack pointer); 0 when the thread runs or the kernel does not tell.
inline constexpr std::size_t most_call_words = 7;
[[nodiscard]] std::size_t waiting_call_of_thread(std::int32_t tid, std::uintptr_t* words) noexcept;

// Calls visit for each thread id that the directory /proc/self/task, open as `descriptor`, lists; false when
// it cannot be read. Threads that start or end meanwhile may or may not be seen.
using ThreadVisitor = void (*)(std::int32_t tid, void* context);
bool for_each_thread_id(int descriptor, ThreadVisitor visit, void* context) noexcept;

}  // namespace ar::platform

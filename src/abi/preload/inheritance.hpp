// What `arpent run` put into the environment for this program alone, and how it is handed on.
//
// The program itself, also after it has replaced itself by exec, stays surveyed; its children only if
// `arpent run --follow-children` asked for it. So the variables are taken out of the environment that the
// program sees and passes on, and put back when the surveyed process calls exec.
#pragma once

#include <cstddef>

namespace ar::abi {

// Remembers our variables and, unless children are followed, takes them out of the environment.
void take_over_environment() noexcept;

// Whether this process's exec should be surveyed.
[[nodiscard]] bool hands_on_to_exec() noexcept;

// Whether the processes that this one starts should be.
[[nodiscard]] bool hands_on_to_children() noexcept;

// Bytes that environment_for_exec and environment_without_tracking need for `given`.
[[nodiscard]] std::size_t size_of_environment_for_exec(char* const given[]) noexcept;

// Writes `given` with our variables put back to `memory`, texts and all, and returns it. A preload list of
// the caller's own follows our library and is what the program will see.
[[nodiscard]] char** environment_for_exec(char* const given[], void* memory) noexcept;

// The same without our variables: `given` as the program that made it would see it without Arpent.
[[nodiscard]] char** environment_without_tracking(char* const given[], void* memory) noexcept;

// Whether the loader would not find our library: after chroot, or in another mount namespace. Needs
// size_for_library_path bytes of memory that it may write to. Makes system calls only, and changes no errno.
[[nodiscard]] bool is_library_out_of_reach(char* memory) noexcept;
inline constexpr std::size_t size_for_library_path = 4096;

// The folder of the run, where `arpent run` looks for what processes leave.
[[nodiscard]] const char* run_folder() noexcept;

}  // namespace ar::abi

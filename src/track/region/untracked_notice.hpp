// What a process leaves in the folder of its run if it has no profile there: a symbolic link
// <pid>.<n>.untracked that holds "CAUSE PARENT PATH", an Untracked as a number, the parent's process id and
// the path of the program. A link, because one call makes it whole, and neither a limit on the size of files
// nor a full disk keeps it from being made.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ar::track {

// Why a process is not tracked.
enum class Untracked : std::uint8_t {
  not_so = 0,
  // Our library cannot be in the program.
  statically_linked = 1,
  raised_privileges = 2,   // set-uid, set-gid or file capabilities
  sanitizer = 3,           // built with AddressSanitizer or a similar one, or one is preloaded
  other_architecture = 4,  // 32-bit, or for another processor
  other_c_library = 5,     // its loader is not that of the C library that Arpent is built for
  unknown_folder = 11,     // its path is relative to a folder that its parent does not know
  // It is there, and cannot do its work.
  other_malloc = 6,     // another malloc serves the process
  address_limit = 7,    // addresses are used up
  file_size_limit = 8,  // no file may grow to what a profile needs
  no_space = 9,         // on the disk where the profile belongs
  no_access = 10,       // the profile cannot be made: another user, another root, a folder that is gone
};

class UntrackedNotice {
 public:
  // Makes system calls only, leaves errno alone, and needs `size_for_text` bytes of memory that it may write
  // to.
  void leave(const char* folder, std::int32_t pid, std::int32_t parent_pid, Untracked cause,
             const char* program, char* memory) noexcept;
  static constexpr std::size_t size_for_text = 4096;

  // Takes back the one that was left, if it was.
  void remove() noexcept;

 private:
  static constexpr std::size_t longest_name = 1024;
  [[nodiscard]] bool write_name(const char* folder, std::int32_t pid, unsigned number) noexcept;

  char name_[longest_name] = {};  // empty: nothing was left
};

}  // namespace ar::track

// A file in a run's folder that says of one process that it became a program which runs without Arpent:
// <pid>.<n>.untracked. A notice, then the path of the program, up to the end of the file.
#pragma once

#include <cstdint>

namespace ar::track {

inline constexpr std::uint64_t notice_magic = 0x314b43544e555241ULL;  // "ARUNTCK1" as little endian bytes
inline constexpr std::uint32_t longest_notice_path = 4096;

// Why our library cannot be in a program.
enum class Obstacle : std::uint32_t {
  none = 0,
  statically_linked = 1,
  raised_privileges = 2,   // set-uid, set-gid or file capabilities
  sanitizer = 3,           // built with AddressSanitizer or one of its kin, or one is preloaded
  other_architecture = 4,  // 32-bit, or for another processor
  other_c_library = 5,     // its loader is not that of the C library that Arpent is built for
};

struct UntrackedNotice {
  std::uint64_t magic;
  std::int32_t pid, parent_pid;
  Obstacle obstacle;
  std::uint32_t reserved;
};

}  // namespace ar::track

#pragma once

#include <cstdint>

namespace ar::track {

// Why a process is not tracked.
enum class Untracked : std::uint8_t {
  not_so = 0,
  // Our library cannot be in the program.
  statically_linked = 1,
  raised_privileges = 2,      // set-uid, set-gid or file capabilities
  sanitizer = 3,              // built with AddressSanitizer or a similar one, or one is preloaded
  other_architecture = 4,     // 32-bit, or for another processor
  other_c_library = 5,        // its loader is not that of the C library that Arpent is built for
  unknown_folder = 11,        // its path is relative to a folder that its parent does not know
  library_out_of_reach = 12,  // in another root or mount namespace, where our library is not
  // It is there, and cannot do its work.
  other_malloc = 6,     // another malloc serves the process
  address_limit = 7,    // addresses are used up
  file_size_limit = 8,  // no file may grow to what a profile needs
  no_space = 9,         // on the disk where the profile belongs
  no_access = 10,       // the profile cannot be made: another user, another root, a folder that is gone
};

}  // namespace ar::track

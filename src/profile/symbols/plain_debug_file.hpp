// Debug sections whose compression elfutils may not know.
//
// elfutils decompresses what zlib compressed, in the old form (.zdebug_info) and in the present one. What
// Zstandard compressed, it can read only from release 0.189 on, and if it was built so.
#pragma once

#include <string>

namespace ar::profile {

struct PlainDebugFile {
  // A copy in memory whose sections are decompressed, at its start; the caller closes it. -1 if elfutils can
  // read the file as it is, or if there is a problem.
  int copy = -1;
  bool has_functions = false;  // there is debug information about functions, readable or not
  std::string build_id;        // in hexadecimal, empty if it has none
  std::string problem;         // why it cannot be read, a clause; empty if nothing is known to be wrong
};

// `file`: a descriptor, left open. Anything but a 64-bit little-endian ELF file has no functions, build ID
// and problem.
[[nodiscard]] PlainDebugFile plain_debug_file(int file);

}  // namespace ar::profile

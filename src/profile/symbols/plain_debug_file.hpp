// Debug sections whose compression elfutils may not know.
//
// elfutils decompresses what zlib compressed, in the old form (.zdebug_info) and in the present one. What
// Zstandard compressed, it can read only from release 0.189 on, and if it was built so.
#pragma once

#include <cstdint>
#include <string>

namespace ar::profile {

inline constexpr const char* too_large_to_decompress = "its debug sections are too large to decompress";

struct PlainDebugFile {
  // A copy in memory for elfutils to read instead, at its start; the caller closes it. Its sections are
  // decompressed, or left out if they are too large. -1 if elfutils can read the file as it is.
  int copy = -1;
  // elfutils must not read the file: it is no 64-bit little-endian ELF file (elfutils would decompress it),
  // or has no symbols within the bounds.
  bool is_refused = false;
  bool is_too_large = false;   // its debug sections
  bool has_functions = false;  // there is debug information about functions, readable or not
  std::string build_id;        // in hexadecimal, empty if it has none
  std::string problem;         // why it cannot be read, a clause; empty if nothing is known to be wrong
};

// `file`: a descriptor, left open. What is decompressed here or by elfutils, and copies, are taken from
// `bytes_left`.
[[nodiscard]] PlainDebugFile plain_debug_file(int file, std::uint64_t& bytes_left);

// Why elfutils must not open this, a clause, or null: it may open an ELF file that is decompressed within
// `bytes_left`, from which that is taken, or a folder, but no pipe or device.
[[nodiscard]] const char* problem_for_elfutils(int file, std::uint64_t& bytes_left);

}  // namespace ar::profile

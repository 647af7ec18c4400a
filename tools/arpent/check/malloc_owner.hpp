// Whose malloc a program will use.
#pragma once

#include <cstdint>
#include <string>

#include "arpent/binary/elf_file.hpp"
#include "arpent/binary/library_search.hpp"

namespace ar::command::check {

enum class Owner : std::uint8_t {
  undecided,         // an object, an archive or a library: the program decides
  arpent_linked,     // Arpent is linked in
  arpent_library,    // libarpent.so is the first to define it
  c_library,         // the dynamic C library
  c_library_linked,  // a static program with the C library's own
  other_linked,      // the program defines one of its own
  other_library,     // a library that comes before Arpent's and the C library's does
  sanitizer,
  unknown,  // a library that may define it is not to be found here
};

struct MallocOwner {
  Owner owner = Owner::undecided;
  std::string file;  // the library that defines it, the sanitizer's name, or the library that is missing
  bool needs_arpent = false;  // libarpent.so is among the libraries, whether or not it comes first
};

// `path`: of the file that `object` was read from.
[[nodiscard]] MallocOwner find_malloc_owner(const binary::ElfFile& object, const std::string& path,
                                            const binary::LibrarySearch& search);

[[nodiscard]] inline bool is_arpent(Owner owner) {
  return owner == Owner::arpent_linked || owner == Owner::arpent_library;
}

}  // namespace ar::command::check

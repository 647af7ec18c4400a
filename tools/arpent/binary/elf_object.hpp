// What one ELF file says: notes, the memory functions it calls or defines, the libraries it needs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "arpent/binary/module_note.hpp"

namespace ar::command::check {

enum class Kind : std::uint8_t { object, executable, static_executable, shared_library };

// Functions that a file calls but does not define, as people write them: "malloc", "operator new[]".
struct DirectCalls {
  std::set<std::string> malloc_family;
  std::set<std::string> operators;  // new and delete
  std::set<std::string> ar_heap;    // ar_heap__malloc …

  [[nodiscard]] bool empty() const { return malloc_family.empty() && operators.empty(); }
};

struct ElfObject {
  Kind kind = Kind::object;
  std::vector<ModuleNote> notes;     // in the order of linking
  std::size_t unreadable_notes = 0;  // of Arpent's, of a layout that is not known here, or damaged
  DirectCalls calls;
  bool defines_malloc = false;
  bool exports_malloc = false;  // to other modules of the process
  bool defines_ar_heap = false;
  bool defines_arpent = false;       // arpent__version
  bool defines_libc_malloc = false;  // __libc_malloc, as static programs of glibc have it
  bool has_debug_information = false;
  bool only_intermediate_code = false;  // an object of gcc -flto without machine code
  std::vector<std::string> needed;
  std::string shared_name;  // DT_SONAME
  std::string search_path;  // DT_RUNPATH, else DT_RPATH
};

// The error is a sentence without full stop that says what is wrong with the file: "is cut off: …".
[[nodiscard]] std::expected<ElfObject, std::string> read_elf_object(std::string_view bytes);

}  // namespace ar::command::check

// What one ELF file says about itself: the one model of objects, libraries and programs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "arpent/binary/module_note.hpp"

namespace ar::command::binary {

enum class Kind : std::uint8_t { object, executable, static_executable, shared_library };

// Functions that a file calls but does not define, as people write them: "malloc", "operator new[]".
struct DirectCalls {
  std::set<std::string> malloc_family;
  std::set<std::string> operators;  // new and delete
  std::set<std::string> ar_heap;    // ar_heap__malloc …

  // Of malloc's family and the operators, not of ar_heap.
  [[nodiscard]] bool empty() const { return malloc_family.empty() && operators.empty(); }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> all{malloc_family.begin(), malloc_family.end()};
    all.insert(all.end(), operators.begin(), operators.end());
    return all;
  }
};

// Where a file wants its libraries to be looked up.
struct SearchPath {
  std::string folders;              // separated by colons
  bool before_environment = false;  // DT_RPATH, which precedes LD_LIBRARY_PATH; DT_RUNPATH follows it
};

struct ElfFile {
  Kind kind = Kind::object;
  bool is_native = false;     // this processor's 64-bit format
  std::string machine;        // "x86-64", "32-bit x86", … for messages
  std::string damage;         // why some sections were left out: a sentence without full stop; usually empty
  bool is_cut_short = false;  // a segment would end beyond the file
  std::string interpreter;    // PT_INTERP, the dynamic loader; empty if there is none
  std::vector<ModuleNote> notes;     // in the order of linking
  std::size_t unreadable_notes = 0;  // of Arpent's: damaged, or of a layout that this version does not know

  std::vector<std::string> needed;  // DT_NEEDED
  std::string shared_name;          // DT_SONAME
  SearchPath search_path;

  DirectCalls calls;
  bool names_malloc = false;    // malloc or one of its family, defined or not
  bool defines_malloc = false;  // a function, in .symtab or .dynsym
  bool exports_malloc = false;  // to other modules of the process, in .dynsym
  bool defines_ar_heap = false;
  bool defines_libc_malloc = false;  // __libc_malloc, as static programs of glibc have it
  bool contains_arpent = false;      // arpent__version, or the note of Arpent's library
  bool has_libc = false;             // linked in, or needed
  bool has_symbol_table = false;     // .symtab
  bool has_debug_information = false;
  bool only_intermediate_code = false;  // an object of gcc -flto without machine code
  bool built_by_zig = false;            // by its compiler or linker
  std::string zig_allocator;         // the allocator of Zig's standard library inside that maps pages itself:
                                     // "GeneralPurposeAllocator", else "page_allocator", else empty
  std::string sanitizer;             // "AddressSanitizer" …; empty if built without one
  bool refers_to_sanitizer = false;  // to what only the runtime of one does

  // Of Arpent's own library in this file; null if there is none.
  [[nodiscard]] const ModuleNote* library_note() const {
    const ModuleNote* found = nullptr;
    for (const ModuleNote& note : notes) {
      found = note.of_library ? &note : found;
    }
    return found;
  }
};

}  // namespace ar::command::binary

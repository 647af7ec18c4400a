// What an ELF file says of itself.
#pragma once

#include <expected>
#include <string>
#include <vector>

namespace ar::command {

struct ElfFacts {
  bool is_elf = false;
  bool native = false;              // this processor's 64-bit format
  bool is_cut_short = false;        // its header speaks of more than the file holds
  std::string machine;              // "x86-64", "32-bit x86", … for messages
  bool is_executable = false;       // ET_EXEC or ET_DYN
  std::string interpreter;          // PT_INTERP: the dynamic loader, which runs first; empty: static
  std::vector<std::string> needed;  // DT_NEEDED
  bool defines_malloc = false;      // a function in .symtab or .dynsym
  bool exports_malloc = false;      // in .dynsym
  bool names_malloc = false;        // malloc or one of its kin, defined or not
  bool has_libc = false;            // one is linked in, or needed
  bool has_symbols = false;         // .symtab is there
  bool defines_arpent = false;      // arpent__version, in either, or the note of Arpent's library
  std::string arpent_version;       // "0.1.0", by that note (docs/module-notes.md); empty when there is none
  bool built_by_zig = false;        // by its compiler or linker
  std::string zig_allocator;        // "GeneralPurposeAllocator", else "page_allocator", of Zig's standard
                                    // library, which map pages themselves; empty when neither is inside
  std::string sanitizer;            // "AddressSanitizer" …; empty when built with none
};

// Files that are no ELF files have `is_elf` false. The error is that of the system.
[[nodiscard]] std::expected<ElfFacts, int> read_elf_facts(const std::string& path);

}  // namespace ar::command

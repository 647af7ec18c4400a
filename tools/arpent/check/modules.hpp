// The modules of one ELF file: its notes, the units of its debug information and its symbols joined to one
// list.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arpent/binary/elf_file.hpp"
#include "arpent/check/compilation_units.hpp"

namespace ar::command::check {

enum class Configuration : std::uint8_t { unknown, untracked, tracked };

// What the configuration is known from.
enum class Evidence : std::uint8_t {
  none,
  note,
  imported_macros,  // the names of ar_heap.h's macros in Zig's debug information
  calls,            // an object without a note that calls ar_heap's functions
};

struct Module {
  std::string name;
  std::string language;  // empty when unknown
  Configuration configuration = Configuration::unknown;
  Evidence evidence = Evidence::none;
  std::uint32_t version = 0;  // of the interface, when there is a note
  bool has_debug_information = false;
};

struct Modules {
  std::vector<Module> list;  // tracked first, then untracked, then unknown; else as linked
  std::optional<std::uint32_t> library_version;  // Arpent's own code is in the file; its units are not listed
};

// `file_name` names an object that says nothing of itself.
[[nodiscard]] Modules join_modules(const binary::ElfFile& object, const std::vector<CompilationUnit>& units,
                                   const std::string& file_name);

}  // namespace ar::command::check

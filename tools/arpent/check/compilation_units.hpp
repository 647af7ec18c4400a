// The translation units that a file's debug information names.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ar::command::check {

// What Zig's debug information says of ar_heap.h's macros, used through @cImport without the Zig module.
enum class ImportedMacros : std::uint8_t { none, untracked, tracked };

struct CompilationUnit {
  std::string name;      // as the compiler was given it
  std::string folder;    // where the compiler ran; may be empty
  std::string language;  // "C", "C++", "Zig", "Rust", …; empty when unknown
  bool imports_zig_module = false;
  ImportedMacros macros = ImportedMacros::none;
};

// Of the file at `path`, or of an archive's member when its bytes are given. In the order of linking; none
// without debug information, which may also lie apart: it is looked for by build id and debug link.
[[nodiscard]] std::vector<CompilationUnit> read_compilation_units(const std::string& path,
                                                                  std::string_view member);

}  // namespace ar::command::check

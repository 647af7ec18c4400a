// What the names of its symbols tell about an ELF file.
#pragma once

#include <string_view>

#include "arpent/binary/elf_file.hpp"

namespace ar::command::binary {

struct Symbol {
  std::string_view name;  // not empty
  bool is_defined = false;
  bool is_dynamic = false;  // in .dynsym
  bool is_weak = false;
  bool may_be_code = false;  // not marked as data
};

// Records it in the file's calls, definitions and marks of compilers.
void record_symbol(const Symbol& symbol, ElfFile& file);

// "AddressSanitizer" of "libasan.so.8"; empty for libraries that are no sanitizer's runtime.
[[nodiscard]] std::string_view sanitizer_of_library(std::string_view library);

// Once all symbols and needed libraries are recorded.
void recognize_libraries(ElfFile& file);

}  // namespace ar::command::binary

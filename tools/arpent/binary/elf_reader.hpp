// Reads an ELF file, which may be damaged or hostile.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "arpent/binary/elf_file.hpp"

namespace ar::command::binary {

// `bytes` are the whole file, in memory that libelf may write to, such as Input's. Nothing outside them is
// read: sections that would end beyond them are left out, which `damage` says. The error is a sentence
// without full stop for a file whose header is unreadable or that is neither an object nor a library nor a
// program.
[[nodiscard]] std::expected<ElfFile, std::string> read_elf_file(std::string_view bytes);

}  // namespace ar::command::binary

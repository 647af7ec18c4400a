// The sections of an ELF file, read without elfutils: for what elfutils cannot do.
#pragma once

#include <elf.h>

#include <cstdint>
#include <string>
#include <vector>

namespace ar::profile {

struct ElfSection {
  std::uint64_t header_offset;  // in the file
  Elf64_Shdr header;
  std::string name;
};

// `file`: a descriptor. Empty for anything but a 64-bit little-endian ELF file. Sections without content are
// left out, as are those that a damaged file says to lie outside of it. Names are cut after 64 bytes, and
// empty if they stand behind 16 MiB of others.
[[nodiscard]] std::vector<ElfSection> read_elf_sections(int file);

// False if the file ends before.
[[nodiscard]] bool read_at(int file, void* bytes, std::size_t size, std::uint64_t offset);

// In hexadecimal; empty if there is none. elfutils finds none whose size is no multiple of 4 at a section's
// end.
[[nodiscard]] std::string read_build_id(int file, const std::vector<ElfSection>& sections);

}  // namespace ar::profile

#include "profile/symbols/elf_sections.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "profile/model/text_format.hpp"

namespace ar::profile {
namespace {

// A file says itself how much it holds, and a sparse one has room for any amount. Linkers stay far below
// these.
constexpr std::uint64_t most_sections = std::uint64_t{1} << 18U;
constexpr std::uint64_t most_bytes_of_names = std::uint64_t{16} << 20U;
constexpr std::uint64_t most_bytes_of_notes = std::uint64_t{1} << 20U;
constexpr std::size_t longest_name = 64;  // of those that are asked for

bool lies_in(const Elf64_Shdr& section, std::uint64_t file_size) {
  return section.sh_offset <= file_size && section.sh_size <= file_size - section.sh_offset;
}

constexpr std::uint64_t round_up_to_word(std::uint64_t size) { return (size + 3) / 4 * 4; }

}  // namespace

bool read_at(int file, void* bytes, std::size_t size, std::uint64_t offset) {
  auto* at = static_cast<char*>(bytes);
  while (size != 0) {
    const ssize_t got = ::pread(file, at, size, static_cast<off_t>(offset));
    if (got <= 0) {
      return false;
    }
    at += got;
    size -= static_cast<std::size_t>(got);
    offset += static_cast<std::uint64_t>(got);
  }
  return true;
}

std::vector<ElfSection> read_elf_sections(int file) {
  struct stat status{};
  Elf64_Ehdr elf{};
  if (::fstat(file, &status) != 0 || !read_at(file, &elf, sizeof elf, 0) ||
      std::memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0 || elf.e_ident[EI_CLASS] != ELFCLASS64 ||
      elf.e_ident[EI_DATA] != ELFDATA2LSB || elf.e_shentsize != sizeof(Elf64_Shdr)) {
    return {};
  }
  const auto file_size = static_cast<std::uint64_t>(status.st_size);
  // Numbers that are too large for the header stand in the first section's.
  Elf64_Shdr first{};
  if (elf.e_shoff == 0 || elf.e_shoff > file_size || !read_at(file, &first, sizeof first, elf.e_shoff)) {
    return {};
  }
  const std::uint64_t count = elf.e_shnum == 0 ? first.sh_size : elf.e_shnum;
  const std::uint64_t names_index = elf.e_shstrndx == SHN_XINDEX ? first.sh_link : elf.e_shstrndx;
  if (count > most_sections || count > (file_size - elf.e_shoff) / sizeof(Elf64_Shdr) ||
      names_index >= count) {
    return {};
  }
  std::vector<Elf64_Shdr> headers(count);
  if (!read_at(file, headers.data(), count * sizeof(Elf64_Shdr), elf.e_shoff) ||
      headers[names_index].sh_type == SHT_NOBITS || !lies_in(headers[names_index], file_size)) {
    return {};
  }
  std::string names(std::min(headers[names_index].sh_size, most_bytes_of_names), '\0');
  if (!read_at(file, names.data(), names.size(), headers[names_index].sh_offset)) {
    return {};
  }
  std::vector<ElfSection> sections;
  for (std::size_t index = 0; index < count; ++index) {
    const Elf64_Shdr& header = headers[index];
    if (header.sh_type != SHT_NOBITS && header.sh_size != 0 && lies_in(header, file_size)) {
      const char* const name = header.sh_name < names.size() ? names.c_str() + header.sh_name : "";
      sections.push_back({.header_offset = elf.e_shoff + index * sizeof header,
                          .header = header,
                          .name = {name, ::strnlen(name, longest_name)}});
    }
  }
  return sections;
}

std::string read_build_id(int file, const std::vector<ElfSection>& sections) {
  std::uint64_t left = most_bytes_of_notes;
  for (const ElfSection& section : sections) {
    if (section.header.sh_type != SHT_NOTE || section.header.sh_size > left) {
      continue;
    }
    left -= section.header.sh_size;
    std::vector<std::uint8_t> notes(section.header.sh_size);
    if (!read_at(file, notes.data(), notes.size(), section.header.sh_offset)) {
      continue;
    }
    Elf64_Nhdr note{};
    for (std::uint64_t at = 0; at + sizeof note <= notes.size();) {
      std::memcpy(&note, notes.data() + at, sizeof note);
      const std::uint64_t name = at + sizeof note;
      const std::uint64_t bytes = name + round_up_to_word(note.n_namesz);
      if (bytes + note.n_descsz > notes.size()) {
        break;
      }
      if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
          std::memcmp(notes.data() + name, ELF_NOTE_GNU, 4) == 0) {
        return hexadecimal({notes.data() + bytes, note.n_descsz});
      }
      at = bytes + round_up_to_word(note.n_descsz);
    }
  }
  return {};
}

}  // namespace ar::profile

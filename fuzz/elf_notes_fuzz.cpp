// The reader of ELF files and archives behind `arpent check` and `arpent run`: any bytes, and the input as
// the notes of a valid object, so that the fuzzer need not find section headers by itself.
#include <elf.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "arpent/binary/archive.hpp"
#include "arpent/binary/elf_reader.hpp"
#include "arpent/binary/input.hpp"
#include "arpent/binary/module_note.hpp"

namespace {

namespace binary = ar::command::binary;

void read(std::vector<char> bytes) {  // libelf may write to it
  const auto file = binary::read_elf_file({bytes.data(), bytes.size()});
  if (file ? file->damage.find('\n') != std::string::npos
           : file.error().empty() || file.error().find('\n') != std::string::npos) {
    __builtin_trap();
  }
}

// Header, notes, names of sections, section headers.
std::vector<char> object_around(std::string_view notes) {
  const std::string names = std::string{'\0'} + std::string{binary::note_section} + '\0' + ".shstrtab" + '\0';
  const std::size_t names_at = sizeof(Elf64_Ehdr) + notes.size();
  const std::size_t sections_at = (names_at + names.size() + 7) / 8 * 8;
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_REL;
  header.e_machine = EM_X86_64;
  header.e_version = EV_CURRENT;
  header.e_shoff = sections_at;
  header.e_ehsize = sizeof header;
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = 3;
  header.e_shstrndx = 2;
  Elf64_Shdr sections[3] = {};
  sections[1].sh_name = 1;
  sections[1].sh_type = SHT_NOTE;
  sections[1].sh_offset = sizeof header;
  sections[1].sh_size = notes.size();
  sections[1].sh_addralign = 4;
  sections[2].sh_name = static_cast<Elf64_Word>(1 + binary::note_section.size() + 1);
  sections[2].sh_type = SHT_STRTAB;
  sections[2].sh_offset = names_at;
  sections[2].sh_size = names.size();
  sections[2].sh_addralign = 1;
  std::vector<char> bytes(sections_at + sizeof sections);
  std::memcpy(bytes.data(), &header, sizeof header);
  if (!notes.empty()) {
    std::memcpy(bytes.data() + sizeof header, notes.data(), notes.size());
  }
  std::memcpy(bytes.data() + names_at, names.data(), names.size());
  std::memcpy(bytes.data() + sections_at, sections, sizeof sections);
  return bytes;
}

// One note of Arpent's, which holds the input.
std::string note_of(std::string_view description) {
  const Elf64_Nhdr header{.n_namesz = static_cast<Elf64_Word>(binary::note_owner.size() + 1),
                          .n_descsz = static_cast<Elf64_Word>(description.size()),
                          .n_type = binary::note_type};
  std::string note(sizeof header, '\0');
  std::memcpy(note.data(), &header, sizeof header);
  note += binary::note_owner;
  note.resize((note.size() + 1 + 3) / 4 * 4);
  note += description;
  note.resize((note.size() + 3) / 4 * 4);
  return note;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  read({input.begin(), input.end()});
  read(object_around(input));
  read(object_around(note_of(input)));
  for (const bool big_endian : {false, true}) {
    static_cast<void>(binary::read_module_note(input, big_endian));
  }
  static_cast<void>(binary::foreign_kind(input));
  for (const char* start : {"", "!<arch>\n", "!<thin>\n"}) {
    const std::string bytes = start + std::string{input};
    const binary::Format format = binary::format_of(bytes);
    if (format != binary::Format::archive && format != binary::Format::thin_archive) {
      continue;
    }
    for (const binary::ArchiveMember& member : binary::read_archive(bytes).members) {
      read({member.bytes.begin(), member.bytes.end()});
    }
  }
  return 0;
}

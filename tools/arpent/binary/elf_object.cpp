#include "arpent/binary/elf_object.hpp"

#include <fmt/format.h>
#include <gelf.h>
#include <libelf.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>

namespace ar::command::check {
namespace {

constexpr std::array malloc_family{
    std::string_view{"malloc"},         std::string_view{"calloc"},        std::string_view{"realloc"},
    std::string_view{"reallocarray"},   std::string_view{"free"},          std::string_view{"cfree"},
    std::string_view{"posix_memalign"}, std::string_view{"aligned_alloc"}, std::string_view{"memalign"},
    std::string_view{"valloc"},         std::string_view{"pvalloc"},       std::string_view{"strdup"},
    std::string_view{"strndup"},        std::string_view{"__strdup"},      std::string_view{"__strndup"}};

struct EndElf {
  void operator()(Elf* elf) const { ::elf_end(elf); }
};
using OpenElf = std::unique_ptr<Elf, EndElf>;

bool fits(std::uint64_t at, std::uint64_t size, std::size_t whole) {
  return at <= whole && size <= whole - at;
}

std::string cut_off(std::string_view what, std::uint64_t at, std::uint64_t size, std::size_t whole) {
  return fmt::format("is cut off or damaged: its {} would end at byte {}, and the file has {}", what,
                     at > UINT64_MAX - size ? UINT64_MAX : at + size, whole);
}

// What libelf would read past the end of, or quietly leave out.
std::optional<std::string> damage(Elf* elf, const GElf_Ehdr& header, std::size_t whole) {
  const std::size_t section_size = ::gelf_fsize(elf, ELF_T_SHDR, 1, EV_CURRENT);
  const std::size_t segment_size = ::gelf_fsize(elf, ELF_T_PHDR, 1, EV_CURRENT);
  if (header.e_shoff != 0 && header.e_shentsize != section_size) {
    return fmt::format("is damaged: its section headers are said to have {} bytes", header.e_shentsize);
  }
  if (!fits(header.e_shoff, std::uint64_t{header.e_shnum} * section_size, whole)) {
    return cut_off("section table", header.e_shoff, std::uint64_t{header.e_shnum} * section_size, whole);
  }
  if (header.e_phnum != 0 && !fits(header.e_phoff, std::uint64_t{header.e_phnum} * segment_size, whole)) {
    return cut_off("program header", header.e_phoff, std::uint64_t{header.e_phnum} * segment_size, whole);
  }
  std::size_t names = 0;
  std::size_t count = 0;
  if (::elf_getshdrnum(elf, &count) != 0 || (count != 0 && ::elf_getshdrstrndx(elf, &names) != 0)) {
    return fmt::format("is damaged: {}", ::elf_errmsg(-1));
  }
  for (std::size_t i = 1; i < count; ++i) {
    Elf_Scn* const section = ::elf_getscn(elf, i);
    GElf_Shdr found;
    if (section == nullptr || ::gelf_getshdr(section, &found) == nullptr) {
      return fmt::format("is damaged: section {} of {} cannot be read", i, count);
    }
    if (found.sh_type != SHT_NOBITS && found.sh_type != SHT_NULL &&
        !fits(found.sh_offset, found.sh_size, whole)) {
      const char* const name = ::elf_strptr(elf, names, found.sh_name);
      return cut_off(fmt::format("section {}", name == nullptr || *name == '\0' ? fmt::to_string(i) : name),
                     found.sh_offset, found.sh_size, whole);
    }
  }
  return std::nullopt;
}

void read_notes(Elf_Data* data, bool big_endian, ElfObject& object) {
  if (data == nullptr || data->d_buf == nullptr) {
    return;
  }
  GElf_Nhdr note;
  std::size_t name_at = 0;
  std::size_t description_at = 0;
  for (std::size_t at = 0; (at = ::gelf_getnote(data, at, &note, &name_at, &description_at)) > 0;) {
    const std::string_view bytes{static_cast<const char*>(data->d_buf), data->d_size};
    if (note.n_type != note_type || note.n_namesz != note_owner.size() + 1 ||
        !bytes.substr(name_at).starts_with(note_owner)) {
      continue;
    }
    if (auto read = read_module_note(bytes.substr(description_at, note.n_descsz), big_endian)) {
      object.notes.push_back(std::move(*read));
    } else {
      ++object.unreadable_notes;
    }
  }
}

// "operator new[]" of "_Znam…"; empty for other names.
std::string_view operator_name(std::string_view symbol) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> starts{
      {{"_Znw", "operator new"},
       {"_Zna", "operator new[]"},
       {"_Zdl", "operator delete"},
       {"_Zda", "operator delete[]"}}};
  // "_Znwm", "_ZdlPv…": not a function whose own name begins in the same way.
  for (const auto& [start, name] : starts) {
    if (symbol.starts_with(start) && symbol.size() > start.size() &&
        (symbol[start.size()] == 'm' || symbol[start.size()] == 'j' ||
         symbol.substr(start.size()).starts_with("Pv"))) {
      return name;
    }
  }
  return {};
}

void note_symbol(std::string_view name, bool defined, bool dynamic, ElfObject& object) {
  if (defined) {
    object.defines_malloc = object.defines_malloc || name == "malloc";
    object.exports_malloc = object.exports_malloc || (name == "malloc" && dynamic);
    object.defines_ar_heap = object.defines_ar_heap || name == "ar_heap__malloc";
    object.defines_arpent = object.defines_arpent || name == "arpent__version";
    object.defines_libc_malloc = object.defines_libc_malloc || name == "__libc_malloc";
    object.only_intermediate_code = object.only_intermediate_code || name == "__gnu_lto_slim";
  } else if (std::ranges::find(malloc_family, name) != malloc_family.end()) {
    object.calls.malloc_family.emplace(name.starts_with("__") ? name.substr(2) : name);
  } else if (const std::string_view shown = operator_name(name); !shown.empty()) {
    object.calls.operators.emplace(shown);
  } else if (name.starts_with("ar_heap__")) {
    object.calls.ar_heap.emplace(name);
  }
}

void read_symbols(Elf* elf, Elf_Scn* section, const GElf_Shdr& header, ElfObject& object) {
  Elf_Data* const data = ::elf_getdata(section, nullptr);
  if (data == nullptr || header.sh_entsize == 0) {
    return;
  }
  const auto count = static_cast<int>(std::min<std::uint64_t>(header.sh_size / header.sh_entsize, INT32_MAX));
  for (int i = 1; i < count; ++i) {
    GElf_Sym symbol;
    if (::gelf_getsym(data, i, &symbol) == nullptr) {
      return;
    }
    const bool defined = symbol.st_shndx != SHN_UNDEF;
    // The one mark that is a common symbol, and functions; an undefined symbol has no type.
    const char* const name = ::elf_strptr(elf, header.sh_link, symbol.st_name);
    if (name != nullptr && *name != '\0' && GELF_ST_TYPE(symbol.st_info) != STT_FILE) {
      note_symbol(name, defined, header.sh_type == SHT_DYNSYM, object);
    }
  }
}

void read_dynamic(Elf* elf, Elf_Scn* section, const GElf_Shdr& header, ElfObject& object, bool& is_pie) {
  Elf_Data* const data = ::elf_getdata(section, nullptr);
  if (data == nullptr || header.sh_entsize == 0) {
    return;
  }
  std::string old_path;
  const auto count = static_cast<int>(std::min<std::uint64_t>(header.sh_size / header.sh_entsize, 1U << 20U));
  for (int i = 0; i < count; ++i) {
    GElf_Dyn entry;
    if (::gelf_getdyn(data, i, &entry) == nullptr || entry.d_tag == DT_NULL) {
      break;
    }
    const char* const text = ::elf_strptr(elf, header.sh_link, entry.d_un.d_val);
    const std::string value = text == nullptr ? "" : text;
    switch (entry.d_tag) {
      case DT_NEEDED:
        object.needed.push_back(value);
        break;
      case DT_SONAME:
        object.shared_name = value;
        break;
      case DT_RUNPATH:
        object.search_path = value;
        break;
      case DT_RPATH:
        old_path = value;
        break;
      case DT_FLAGS_1:
        is_pie = (entry.d_un.d_val & DF_1_PIE) != 0;
        break;
      default:
        break;
    }
  }
  if (object.search_path.empty()) {
    object.search_path = old_path;
  }
}

void read_sections(Elf* elf, bool big_endian, ElfObject& object, bool& is_pie) {
  std::size_t names = 0;
  if (::elf_getshdrstrndx(elf, &names) != 0) {
    return;
  }
  for (Elf_Scn* section = nullptr; (section = ::elf_nextscn(elf, section)) != nullptr;) {
    GElf_Shdr header;
    if (::gelf_getshdr(section, &header) == nullptr) {
      continue;
    }
    const char* const found = ::elf_strptr(elf, names, header.sh_name);
    const std::string_view name = found == nullptr ? std::string_view{} : found;
    if (header.sh_type == SHT_NOTE && name == note_section) {
      read_notes(::elf_getdata(section, nullptr), big_endian, object);
    } else if (header.sh_type == SHT_SYMTAB || header.sh_type == SHT_DYNSYM) {
      read_symbols(elf, section, header, object);
    } else if (header.sh_type == SHT_DYNAMIC) {
      read_dynamic(elf, section, header, object, is_pie);
    } else if ((name == ".debug_info" || name == ".zdebug_info") && header.sh_type != SHT_NOBITS) {
      object.has_debug_information = true;
    }
  }
}

// A file whose sections were removed still has its segments.
void read_segments(Elf* elf, bool big_endian, bool notes_wanted, ElfObject& object, bool& has_interpreter) {
  std::size_t count = 0;
  if (::elf_getphdrnum(elf, &count) != 0) {
    return;
  }
  for (std::size_t i = 0; i < count; ++i) {
    GElf_Phdr segment;
    if (::gelf_getphdr(elf, static_cast<int>(i), &segment) == nullptr) {
      continue;
    }
    has_interpreter = has_interpreter || segment.p_type == PT_INTERP;
    if (notes_wanted && segment.p_type == PT_NOTE) {
      const Elf_Type type = segment.p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR;
      read_notes(
          ::elf_getdata_rawchunk(elf, static_cast<std::int64_t>(segment.p_offset), segment.p_filesz, type),
          big_endian, object);
    }
  }
}

}  // namespace

std::expected<ElfObject, std::string> read_elf_object(std::string_view bytes) {
  ::elf_version(EV_CURRENT);
  // libelf asks for memory that it may write to; read only, it does not.
  const OpenElf elf{::elf_memory(const_cast<char*>(bytes.data()), bytes.size())};
  GElf_Ehdr header;
  if (elf == nullptr || ::elf_kind(elf.get()) != ELF_K_ELF || ::gelf_getehdr(elf.get(), &header) == nullptr) {
    return std::unexpected(
        fmt::format("is cut off or damaged: {} bytes are no whole ELF header", bytes.size()));
  }
  if (auto wrong = damage(elf.get(), header, bytes.size())) {
    return std::unexpected(std::move(*wrong));
  }
  const bool big_endian = header.e_ident[EI_DATA] == ELFDATA2MSB;
  ElfObject object;
  bool is_pie = false;
  bool has_interpreter = false;
  std::size_t sections = 0;
  read_sections(elf.get(), big_endian, object, is_pie);
  const bool has_sections = ::elf_getshdrnum(elf.get(), &sections) == 0 && sections > 1;
  read_segments(elf.get(), big_endian, !has_sections, object, has_interpreter);
  switch (header.e_type) {
    case ET_REL:
      object.kind = Kind::object;
      break;
    case ET_EXEC:
      object.kind = has_interpreter ? Kind::executable : Kind::static_executable;
      break;
    case ET_DYN:
      // A library may name an interpreter too (libc.so.6 does, to be run by hand), but then has a name of its
      // own.
      if (!is_pie && (!has_interpreter || !object.shared_name.empty())) {
        object.kind = Kind::shared_library;
      } else {
        object.kind = has_interpreter ? Kind::executable : Kind::static_executable;
      }
      break;
    case ET_CORE:
      return std::unexpected("is a core dump; give the program that it came from");
    default:
      return std::unexpected(fmt::format("is an ELF file of unknown type {}", header.e_type));
  }
  return object;
}

}  // namespace ar::command::check

#include "arpent/binary/elf_reader.hpp"

#include <fmt/format.h>
#include <gelf.h>
#include <libelf.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "arpent/binary/elf_symbols.hpp"

namespace ar::command::binary {
namespace {

#if defined(__x86_64__)
constexpr int native_machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr int native_machine = EM_AARCH64;
#else
#error "unknown processor"
#endif

constexpr std::uint64_t most_symbols = 1U << 30U;
constexpr std::uint64_t most_dynamic_entries = 1U << 16U;
constexpr std::size_t longest_interpreter = 4096;

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

// The text that begins at `offset` of a string table; empty if it does not end within the table.
std::string_view text_in(std::string_view table, std::uint64_t offset) {
  if (offset >= table.size()) {
    return {};
  }
  const std::string_view rest = table.substr(offset);
  const std::size_t end = rest.find('\0');
  return end == std::string_view::npos ? std::string_view{} : rest.substr(0, end);
}

struct Section {
  Elf_Scn* section = nullptr;
  GElf_Shdr header{};
  std::string_view name;
};

// The sections that lie within the file. What libelf would read past the end of, or quietly leave out, is
// damage.
class Sections {
 public:
  Sections(Elf* elf, const GElf_Ehdr& header, std::size_t file_size) : elf_(elf), file_size_(file_size) {
    damage_ = damaged_tables(header);
    std::size_t names = 0;
    std::size_t count = 0;
    if (!damage_.empty()) {
      return;
    }
    if (::elf_getshdrnum(elf, &count) != 0 || (count != 0 && ::elf_getshdrstrndx(elf, &names) != 0)) {
      damage_ = fmt::format("is damaged: {}", ::elf_errmsg(-1));
      return;
    }
    const std::string_view table = strings(names);
    for (std::size_t i = 1; i < count; ++i) {
      add(i, count, table);
    }
  }

  [[nodiscard]] const std::vector<Section>& all() const { return sections_; }
  [[nodiscard]] std::string take_damage() { return std::move(damage_); }

  // What the string table of that number holds; empty if there is none.
  [[nodiscard]] std::string_view strings(std::size_t index) const {
    Elf_Scn* const section = ::elf_getscn(elf_, index);
    GElf_Shdr header;
    if (section == nullptr || ::gelf_getshdr(section, &header) == nullptr || header.sh_type != SHT_STRTAB ||
        !fits(header.sh_offset, header.sh_size, file_size_)) {
      return {};
    }
    const Elf_Data* const data = ::elf_rawdata(section, nullptr);
    return data == nullptr || data->d_buf == nullptr
               ? std::string_view{}
               : std::string_view{static_cast<const char*>(data->d_buf), data->d_size};
  }

 private:
  [[nodiscard]] std::string damaged_tables(const GElf_Ehdr& header) const {
    const std::uint64_t section_size = ::gelf_fsize(elf_, ELF_T_SHDR, 1, EV_CURRENT);
    const std::uint64_t segment_size = ::gelf_fsize(elf_, ELF_T_PHDR, 1, EV_CURRENT);
    if (header.e_shoff != 0 && header.e_shentsize != section_size) {
      return fmt::format("is damaged: its section headers are said to have {} bytes", header.e_shentsize);
    }
    if (!fits(header.e_shoff, header.e_shnum * section_size, file_size_)) {
      return cut_off("section table", header.e_shoff, header.e_shnum * section_size, file_size_);
    }
    if (header.e_phnum != 0 && !fits(header.e_phoff, header.e_phnum * segment_size, file_size_)) {
      return cut_off("program header", header.e_phoff, header.e_phnum * segment_size, file_size_);
    }
    return {};
  }

  void add(std::size_t index, std::size_t count, std::string_view names) {
    Section found{.section = ::elf_getscn(elf_, index), .header = {}, .name = {}};
    std::string damage;
    if (found.section == nullptr || ::gelf_getshdr(found.section, &found.header) == nullptr) {
      damage = fmt::format("is damaged: section {} of {} cannot be read", index, count);
    } else {
      const GElf_Shdr& header = found.header;
      found.name = text_in(names, header.sh_name);
      if (header.sh_type != SHT_NOBITS && header.sh_type != SHT_NULL &&
          !fits(header.sh_offset, header.sh_size, file_size_)) {
        damage = cut_off(fmt::format("section {}", found.name.empty() ? fmt::to_string(index) : found.name),
                         header.sh_offset, header.sh_size, file_size_);
      }
    }
    if (damage.empty()) {
      sections_.push_back(found);
    } else if (damage_.empty()) {
      damage_ = std::move(damage);
    }
  }

  Elf* elf_;
  std::size_t file_size_;
  std::vector<Section> sections_;
  std::string damage_;
};

class Reader {
 public:
  Reader(Elf* elf, const GElf_Ehdr& header, std::string_view bytes)
      : elf_(elf), bytes_(bytes), header_(header), sections_(elf, header, bytes.size()) {}

  std::expected<ElfFile, std::string> read() {
    file_.is_native = header_.e_machine == native_machine && header_.e_ident[EI_CLASS] == ELFCLASS64;
    file_.machine = machine_name();
    file_.damage = sections_.take_damage();
    for (const Section& section : sections_.all()) {
      read_section(section);
    }
    read_segments();
    recognize_libraries(file_);
    if (std::string wrong = set_kind(); !wrong.empty()) {
      return std::unexpected(file_.damage.empty() ? std::move(wrong) : std::move(file_.damage));
    }
    return std::move(file_);
  }

 private:
  [[nodiscard]] std::string machine_name() const {
    const bool narrow = header_.e_ident[EI_CLASS] == ELFCLASS32;
    switch (header_.e_machine) {
      case EM_X86_64:
        return narrow ? "x32" : "x86-64";
      case EM_386:
        return "32-bit x86";
      case EM_AARCH64:
        return "64-bit ARM";
      case EM_ARM:
        return "32-bit ARM";
      case EM_RISCV:
        return "RISC-V";
      case EM_PPC64:
        return "64-bit PowerPC";
      case EM_S390:
        return "S/390";
      default:
        return fmt::format("machine {}", header_.e_machine);
    }
  }

  void read_section(const Section& section) {
    switch (section.header.sh_type) {
      case SHT_NOTE:
        read_notes(::elf_getdata(section.section, nullptr));
        break;
      case SHT_SYMTAB:
      case SHT_DYNSYM:
        read_symbols(section);
        break;
      case SHT_DYNAMIC:
        read_dynamic(section);
        break;
      case SHT_PROGBITS:
        read_compiler_marks(section);
        break;
      default:
        break;
    }
    if ((section.name == ".debug_info" || section.name == ".zdebug_info") &&
        section.header.sh_type != SHT_NOBITS) {
      file_.has_debug_information = true;
    }
  }

  void read_notes(Elf_Data* data) {
    if (data == nullptr || data->d_buf == nullptr) {
      return;
    }
    const bool big_endian = header_.e_ident[EI_DATA] == ELFDATA2MSB;
    const std::string_view bytes{static_cast<const char*>(data->d_buf), data->d_size};
    GElf_Nhdr note;
    std::size_t name_at = 0;
    std::size_t description_at = 0;
    for (std::size_t at = 0; (at = ::gelf_getnote(data, at, &note, &name_at, &description_at)) > 0;) {
      if (note.n_type != note_type || note.n_namesz != note_owner.size() + 1 ||
          !fits(name_at, note.n_namesz, bytes.size()) || !fits(description_at, note.n_descsz, bytes.size()) ||
          !bytes.substr(name_at).starts_with(note_owner)) {
        continue;
      }
      if (auto read = read_module_note(bytes.substr(description_at, note.n_descsz), big_endian)) {
        file_.contains_arpent = file_.contains_arpent || read->of_library;
        file_.notes.push_back(std::move(*read));
      } else {
        ++file_.unreadable_notes;
      }
    }
  }

  void read_symbols(const Section& section) {
    const bool is_dynamic = section.header.sh_type == SHT_DYNSYM;
    file_.has_symbol_table = file_.has_symbol_table || !is_dynamic;
    const std::string_view names = sections_.strings(section.header.sh_link);
    for_each_entry<GElf_Sym>(section, most_symbols, &::gelf_getsym, [&](const GElf_Sym& symbol) {
      const std::string_view name = text_in(names, symbol.st_name);
      const auto type = GELF_ST_TYPE(symbol.st_info);
      if (!name.empty() && type != STT_FILE) {
        record_symbol({.name = name,
                       .is_defined = symbol.st_shndx != SHN_UNDEF,
                       .is_dynamic = is_dynamic,
                       .is_weak = GELF_ST_BIND(symbol.st_info) == STB_WEAK,
                       .may_be_code = type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE},
                      file_);
      }
      return true;
    });
  }

  void read_dynamic(const Section& section) {
    const std::string_view names = sections_.strings(section.header.sh_link);
    SearchPath old_path{.folders = {}, .before_environment = true};
    for_each_entry<GElf_Dyn>(section, most_dynamic_entries, &::gelf_getdyn, [&](const GElf_Dyn& entry) {
      const std::string value{text_in(names, entry.d_un.d_val)};
      if (entry.d_tag == DT_NEEDED && !value.empty()) {
        file_.needed.push_back(value);
      } else if (entry.d_tag == DT_SONAME) {
        file_.shared_name = value;
      } else if (entry.d_tag == DT_RUNPATH) {
        file_.search_path.folders = value;
      } else if (entry.d_tag == DT_RPATH) {
        old_path.folders = value;
      } else if (entry.d_tag == DT_FLAGS_1) {
        is_pie_ = (entry.d_un.d_val & DF_1_PIE) != 0;
      }
      return entry.d_tag != DT_NULL;
    });
    if (file_.search_path.folders.empty() && !old_path.folders.empty()) {
      file_.search_path = std::move(old_path);
    }
  }

  // Until `use` returns false.
  template <class Entry, class Get, class Use>
  static void for_each_entry(const Section& section, std::uint64_t most, Get get, Use use) {
    Elf_Data* const data = ::elf_getdata(section.section, nullptr);
    if (data == nullptr || section.header.sh_entsize == 0) {
      return;
    }
    const auto count =
        static_cast<int>(std::min<std::uint64_t>(section.header.sh_size / section.header.sh_entsize, most));
    Entry entry;
    for (int i = 0; i < count && get(data, i, &entry) != nullptr && use(entry); ++i) {
    }
  }

  // .comment holds a line of each compiler and of the linker, also in a stripped file.
  void read_compiler_marks(const Section& section) {
    if (section.name == ".comment") {
      file_.built_by_zig = file_.built_by_zig ||
                           bytes_of(section.header.sh_offset, section.header.sh_size).contains("/ziglang/");
    }
  }

  void read_segments() {
    std::size_t count = 0;
    if (::elf_getphdrnum(elf_, &count) != 0) {
      file_.is_cut_short = true;
      return;
    }
    for (std::size_t i = 0; i < count; ++i) {
      GElf_Phdr segment;
      if (::gelf_getphdr(elf_, static_cast<int>(i), &segment) == nullptr) {
        file_.is_cut_short = true;
        continue;
      }
      has_interpreter_ = has_interpreter_ || segment.p_type == PT_INTERP;
      if (!fits(segment.p_offset, segment.p_filesz, bytes_.size())) {
        file_.is_cut_short = true;
      } else if (segment.p_type == PT_INTERP) {
        const std::string_view text =
            bytes_of(segment.p_offset, std::min<std::uint64_t>(segment.p_filesz, longest_interpreter));
        file_.interpreter = text.substr(0, text.find('\0'));
      } else if (segment.p_type == PT_NOTE && sections_.all().empty()) {
        // A file whose sections were removed still has its segments.
        const Elf_Type type = segment.p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR;
        read_notes(::elf_getdata_rawchunk(elf_, static_cast<std::int64_t>(segment.p_offset), segment.p_filesz,
                                          type));
      }
    }
  }

  // What is wrong with the file's type; empty if nothing is.
  std::string set_kind() {
    const Kind program = has_interpreter_ ? Kind::executable : Kind::static_executable;
    switch (header_.e_type) {
      case ET_REL:
        file_.kind = Kind::object;
        return {};
      case ET_EXEC:
        file_.kind = program;
        return {};
      case ET_DYN: {
        // A library may name an interpreter too (libc.so.6 does, to be run by hand), but then has a name of
        // its own.
        const bool is_program = is_pie_ || (has_interpreter_ && file_.shared_name.empty());
        file_.kind = is_program ? program : Kind::shared_library;
        return {};
      }
      case ET_CORE:
        return "is a core dump; give the program that it came from";
      default:
        return fmt::format("is an ELF file of unknown type {}", header_.e_type);
    }
  }

  [[nodiscard]] std::string_view bytes_of(std::uint64_t at, std::uint64_t size) const {
    return fits(at, size, bytes_.size()) ? bytes_.substr(at, size) : std::string_view{};
  }

  Elf* elf_;
  std::string_view bytes_;
  GElf_Ehdr header_;
  Sections sections_;
  ElfFile file_;
  bool is_pie_ = false;
  bool has_interpreter_ = false;
};

}  // namespace

std::expected<ElfFile, std::string> read_elf_file(std::string_view bytes) {
  ::elf_version(EV_CURRENT);
  // libelf asks for memory that it may write to; read only, it does not.
  const OpenElf elf{::elf_memory(const_cast<char*>(bytes.data()), bytes.size())};
  GElf_Ehdr header;
  if (elf == nullptr || ::elf_kind(elf.get()) != ELF_K_ELF || ::gelf_getehdr(elf.get(), &header) == nullptr) {
    return std::unexpected(
        fmt::format("is cut off or damaged: {} bytes are no whole ELF header", bytes.size()));
  }
  return Reader{elf.get(), header, bytes}.read();
}

}  // namespace ar::command::binary

#include "arpent/binary/elf_facts.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gelf.h>
#include <libelf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

namespace ar::command {
namespace {

#if defined(__x86_64__)
constexpr int native_machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr int native_machine = EM_AARCH64;
#else
#error "unknown processor"
#endif

// The symbols and libraries by which each sanitizer's runtime is known.
struct SanitizerMark {
  std::string_view name;
  std::string_view symbol;
  std::array<std::string_view, 2> libraries;
};
constexpr std::array sanitizers{
    SanitizerMark{"AddressSanitizer", "__asan_init", {"libasan.so", "libclang_rt.asan"}},
    SanitizerMark{"HWAddressSanitizer", "__hwasan_init", {"libhwasan.so", "libclang_rt.hwasan"}},
    SanitizerMark{"ThreadSanitizer", "__tsan_init", {"libtsan.so", "libclang_rt.tsan"}},
    SanitizerMark{"MemorySanitizer", "__msan_init", {"libmsan.so", "libclang_rt.msan"}},
    SanitizerMark{"LeakSanitizer", "__lsan_init", {"liblsan.so", "libclang_rt.lsan"}}};

// How memory is asked of a C library.
constexpr std::array<std::string_view, 6> malloc_names{"malloc",        "calloc",         "realloc",
                                                       "aligned_alloc", "posix_memalign", "memalign"};

class ElfFile {
 public:
  explicit ElfFile(int descriptor) : descriptor_(descriptor) {
    ::elf_version(EV_CURRENT);
    elf_ = ::elf_begin(descriptor, ELF_C_READ, nullptr);
  }
  ~ElfFile() {
    ::elf_end(elf_);
    ::close(descriptor_);
  }
  ElfFile(const ElfFile&) = delete;
  ElfFile& operator=(const ElfFile&) = delete;
  [[nodiscard]] Elf* get() const { return elf_; }

 private:
  int descriptor_;
  Elf* elf_;
};

std::string machine_name(const GElf_Ehdr& header) {
  const bool narrow = header.e_ident[EI_CLASS] == ELFCLASS32;
  switch (header.e_machine) {
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
      return fmt::format("machine {}", header.e_machine);
  }
}

void read_needed(Elf* elf, Elf_Scn* section, const GElf_Shdr& header, ElfFacts& facts) {
  Elf_Data* data = ::elf_getdata(section, nullptr);
  if (data == nullptr || header.sh_entsize == 0) {
    return;
  }
  const auto count = static_cast<int>(std::min<std::uint64_t>(header.sh_size / header.sh_entsize, 1U << 16U));
  for (int i = 0; i < count; ++i) {
    GElf_Dyn entry;
    if (::gelf_getdyn(data, i, &entry) == nullptr) {
      return;
    }
    if (entry.d_tag == DT_NEEDED) {
      if (const char* name = ::elf_strptr(elf, header.sh_link, entry.d_un.d_val); name != nullptr) {
        facts.needed.emplace_back(name);
      }
    }
  }
}

void read_symbols(Elf* elf, Elf_Scn* section, const GElf_Shdr& header, ElfFacts& facts) {
  Elf_Data* data = ::elf_getdata(section, nullptr);
  if (data == nullptr || header.sh_entsize == 0) {
    return;
  }
  const auto count = static_cast<int>(std::min<std::uint64_t>(header.sh_size / header.sh_entsize, 1U << 30U));
  for (int i = 0; i < count; ++i) {
    GElf_Sym symbol;
    if (::gelf_getsym(data, i, &symbol) == nullptr) {
      return;
    }
    const char* found = ::elf_strptr(elf, header.sh_link, symbol.st_name);
    if (found == nullptr || *found == '\0') {
      continue;
    }
    const std::string_view name{found};
    const bool defined = symbol.st_shndx != SHN_UNDEF;
    facts.names_malloc = facts.names_malloc || std::ranges::find(malloc_names, name) != malloc_names.end();
    facts.has_libc = facts.has_libc || name.starts_with("__libc_");
    if (name == "malloc" && defined && GELF_ST_TYPE(symbol.st_info) == STT_FUNC) {
      facts.defines_malloc = true;
      facts.exports_malloc = facts.exports_malloc || header.sh_type == SHT_DYNSYM;
    } else if (name == "arpent__version" && defined) {
      facts.defines_arpent = true;
    } else if (name.starts_with("heap.general_purpose_allocator.General") ||
               name.starts_with("heap.debug_allocator.Debug")) {
      facts.built_by_zig = true;
      facts.zig_allocator = "GeneralPurposeAllocator";
    } else if (name.starts_with("heap.PageAllocator.") && facts.zig_allocator.empty()) {
      facts.built_by_zig = true;
      facts.zig_allocator = "page_allocator";
    } else if (name.starts_with("__") && (defined || GELF_ST_BIND(symbol.st_info) != STB_WEAK)) {
      // Undefined when the runtime is a library; a weak reference only asks whether there is one.
      const auto* mark = std::ranges::find(sanitizers, name, &SanitizerMark::symbol);
      if (mark != sanitizers.end() && facts.sanitizer.empty()) {
        facts.sanitizer = mark->name;
      }
    }
  }
}

// docs/module-notes.md: the library's own unit says which version it is, also in a stripped file.
void read_notes(Elf_Scn* section, ElfFacts& facts) {
  constexpr std::uint32_t note_type = 0x4152;
  constexpr std::uint32_t known_layout = 1;
  constexpr std::uint32_t library_flag = 2;
  constexpr std::string_view owner{"Arpent\0", 7};
  Elf_Data* data = ::elf_getdata(section, nullptr);
  if (data == nullptr || data->d_buf == nullptr) {
    return;
  }
  const auto* bytes = static_cast<const char*>(data->d_buf);
  GElf_Nhdr header;
  std::size_t name_at = 0;
  std::size_t description_at = 0;
  for (std::size_t at = 0; (at = ::gelf_getnote(data, at, &header, &name_at, &description_at)) != 0;) {
    std::array<std::uint32_t, 4> fields{};  // layout, language, flags, version
    if (header.n_type != note_type || header.n_descsz < sizeof fields ||
        std::string_view{bytes + name_at, header.n_namesz} != owner) {
      continue;
    }
    std::memcpy(fields.data(), bytes + description_at, sizeof fields);
    if (fields[0] == known_layout && (fields[2] & library_flag) != 0) {
      facts.defines_arpent = true;
      facts.arpent_version =
          fmt::format("{}.{}.{}", fields[3] >> 16U, (fields[3] >> 8U) & 0xffU, fields[3] & 0xffU);
    }
  }
}

// .comment holds a line of each compiler and of the linker, also in a stripped file.
void read_comment(Elf* elf, Elf_Scn* section, const GElf_Shdr& header, ElfFacts& facts) {
  std::size_t names = 0;
  if (::elf_getshdrstrndx(elf, &names) != 0) {
    return;
  }
  const char* name = ::elf_strptr(elf, names, header.sh_name);
  if (name == nullptr || std::string_view{name} != ".comment") {
    return;
  }
  const Elf_Data* data = ::elf_getdata(section, nullptr);
  if (data != nullptr && data->d_buf != nullptr) {
    const std::string_view text{static_cast<const char*>(data->d_buf), data->d_size};
    facts.built_by_zig = facts.built_by_zig || text.contains("/ziglang/");
  }
}

// The NUL-terminated text that a segment holds; empty when it is damaged.
std::string text_at(int descriptor, const GElf_Phdr& segment) {
  std::array<char, 4096> text{};
  const std::size_t room = std::min<std::size_t>(segment.p_filesz, text.size());
  const ssize_t size = ::pread(descriptor, text.data(), room, static_cast<off_t>(segment.p_offset));
  return size <= 0 ? std::string{}
                   : std::string{text.data(), ::strnlen(text.data(), static_cast<std::size_t>(size))};
}

void read_sections(Elf* elf, ElfFacts& facts) {
  for (Elf_Scn* section = nullptr; (section = ::elf_nextscn(elf, section)) != nullptr;) {
    GElf_Shdr header;
    if (::gelf_getshdr(section, &header) == nullptr) {
      continue;
    }
    if (header.sh_type == SHT_NOTE) {
      read_notes(section, facts);
    } else if (header.sh_type == SHT_DYNAMIC) {
      read_needed(elf, section, header, facts);
    } else if (header.sh_type == SHT_SYMTAB || header.sh_type == SHT_DYNSYM) {
      facts.has_symbols = facts.has_symbols || header.sh_type == SHT_SYMTAB;
      read_symbols(elf, section, header, facts);
    } else if (header.sh_type == SHT_PROGBITS) {
      read_comment(elf, section, header, facts);
    }
  }
  for (const SanitizerMark& mark : sanitizers) {
    for (const std::string_view library : mark.libraries) {
      const bool needed = std::ranges::any_of(
          facts.needed, [&](const std::string& name) { return name.starts_with(library); });
      if (needed && facts.sanitizer.empty()) {
        facts.sanitizer = mark.name;
      }
    }
  }
}

void read_segments(Elf* elf, int descriptor, ElfFacts& facts) {
  struct stat status{};
  std::size_t count = 0;
  if (::fstat(descriptor, &status) != 0 || ::elf_getphdrnum(elf, &count) != 0) {
    facts.is_cut_short = true;
    return;
  }
  const auto size = static_cast<std::uint64_t>(status.st_size);
  for (std::size_t i = 0; i < count; ++i) {
    GElf_Phdr segment;
    if (::gelf_getphdr(elf, static_cast<int>(i), &segment) == nullptr || segment.p_offset > size ||
        segment.p_filesz > size - segment.p_offset) {
      facts.is_cut_short = true;
      return;
    }
    if (segment.p_type == PT_INTERP) {
      facts.interpreter = text_at(descriptor, segment);
    }
  }
}

}  // namespace

std::expected<ElfFacts, int> read_elf_facts(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    return std::unexpected(errno);
  }
  const ElfFile file{descriptor};
  ElfFacts facts;
  GElf_Ehdr header;
  if (file.get() == nullptr || ::elf_kind(file.get()) != ELF_K_ELF ||
      ::gelf_getehdr(file.get(), &header) == nullptr) {
    return facts;
  }
  facts.is_elf = true;
  facts.native = header.e_machine == native_machine && header.e_ident[EI_CLASS] == ELFCLASS64;
  facts.machine = machine_name(header);
  facts.is_executable = header.e_type == ET_EXEC || header.e_type == ET_DYN;
  read_segments(file.get(), descriptor, facts);
  read_sections(file.get(), facts);
  facts.has_libc = facts.has_libc || !facts.needed.empty();
  return facts;
}

}  // namespace ar::command

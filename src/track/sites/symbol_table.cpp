#include "track/sites/symbol_table.hpp"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cstring>

#include "platform/memory_reader.hpp"
#include "platform/system_call.hpp"
#include "track/region/strings.hpp"

namespace ar::track {

using platform::system_call;

namespace {

// A file, mapped read-only. As safe as running from it: who cuts it short takes the program down anyway.
class MappedFile {
 public:
  explicit MappedFile(const char* path) noexcept {
    const long file =
        system_call(SYS_openat, AT_FDCWD, reinterpret_cast<long>(path), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) {
      return;
    }
    struct stat status{};
    if (system_call(SYS_fstat, file, reinterpret_cast<long>(&status)) == 0 && S_ISREG(status.st_mode) &&
        status.st_size > 0) {
      const long mapped = system_call(SYS_mmap, 0, status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
      if (mapped > 0) {
        bytes_ = reinterpret_cast<const char*>(mapped);
        size_ = static_cast<std::uint64_t>(status.st_size);
      }
    }
    system_call(SYS_close, file);
  }
  ~MappedFile() {
    if (bytes_ != nullptr) {
      system_call(SYS_munmap, reinterpret_cast<long>(bytes_), size_);
    }
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  // Null unless all of it lies in the file.
  [[nodiscard]] const char* at(std::uint64_t offset, std::uint64_t size) const noexcept {
    return bytes_ != nullptr && size <= size_ && offset <= size_ - size ? bytes_ + offset : nullptr;
  }

 private:
  const char* bytes_ = nullptr;
  std::uint64_t size_ = 0;
};

template <typename Record>
bool read(const MappedFile& file, std::uint64_t offset, Record& record) noexcept {
  const char* const bytes = file.at(offset, sizeof record);
  if (bytes != nullptr) {
    std::memcpy(&record, bytes, sizeof record);
  }
  return bytes != nullptr;
}

// The name at an offset of the string table, or null when it has no end there.
const char* name_in(const char* strings, std::uint64_t size, std::uint64_t offset) noexcept {
  if (offset >= size || std::memchr(strings + offset, '\0', size - offset) == nullptr) {
    return nullptr;
  }
  return strings + offset;
}

// The first section of this type.
bool find_section(const MappedFile& file, const ElfW(Ehdr) & header, std::uint32_t type,
                  ElfW(Shdr) & section) noexcept {
  for (std::uint64_t i = 0; i < header.e_shnum; ++i) {
    if (read(file, header.e_shoff + i * sizeof section, section) && section.sh_type == type) {
      return true;
    }
  }
  return false;
}

// The C library unloads modules of its own (of iconv, of host names) without a call of dlclose that we see:
// what is recorded as loaded may be gone, and something else may have its place.
bool is_loaded_from(const ElfW(Ehdr) & header, const ModuleRecord& module) noexcept {
  ElfW(Ehdr) in_memory;
  return module.unloaded != 0 ||
         (platform::MemoryReader().read(module.start, &in_memory, sizeof in_memory) == sizeof in_memory &&
          std::memcmp(&header, &in_memory, sizeof header) == 0);
}

}  // namespace

void for_each_function(const ModuleRecord& module, void (*visit)(const Function& function, void* context),
                       void* context) noexcept {
  const MappedFile file(text(module.path));
  ElfW(Ehdr) header;
  if (!read(file, 0, header) || !is_loaded_from(header, module) ||
      std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_shentsize != sizeof(ElfW(Shdr))) {
    return;
  }
  ElfW(Shdr) section;
  ElfW(Shdr) names;
  // What is stripped still says what it exports.
  if (!find_section(file, header, SHT_SYMTAB, section) && !find_section(file, header, SHT_DYNSYM, section)) {
    return;
  }
  const char* const symbols = file.at(section.sh_offset, section.sh_size);
  if (symbols == nullptr || !read(file, header.e_shoff + section.sh_link * sizeof names, names)) {
    return;
  }
  const char* const strings = file.at(names.sh_offset, names.sh_size);
  for (std::uint64_t at = 0; strings != nullptr && at + sizeof(ElfW(Sym)) <= section.sh_size;
       at += sizeof(ElfW(Sym))) {
    ElfW(Sym) symbol;
    std::memcpy(&symbol, symbols + at, sizeof symbol);
    const std::uint64_t start = module.load_bias + symbol.st_value;
    const bool inside = symbol.st_size != 0 && start >= module.start && start < module.end &&
                        symbol.st_size <= module.end - start;
    if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_shndx == SHN_UNDEF || !inside) {
      continue;
    }
    if (const char* name = name_in(strings, names.sh_size, symbol.st_name);
        name != nullptr && *name != '\0') {
      visit({name, start, start + symbol.st_size}, context);
    }
  }
}

}  // namespace ar::track

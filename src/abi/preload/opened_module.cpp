#include "abi/preload/opened_module.hpp"

#include <sys/mman.h>
#include <sys/syscall.h>

#include <cstring>

#include "platform/pages.hpp"
#include "platform/system_call.hpp"

namespace ar::abi {

namespace {

bool is_symbol_entry(std::uint64_t type) noexcept {
#if defined(__x86_64__)
  return type == R_X86_64_JUMP_SLOT || type == R_X86_64_GLOB_DAT || type == R_X86_64_64;
#elif defined(__aarch64__)
  return type == R_AARCH64_JUMP_SLOT || type == R_AARCH64_GLOB_DAT || type == R_AARCH64_ABS64;
#endif
}

std::uint32_t gnu_hash(const char* name) noexcept {
  std::uint32_t hash = 5381;
  for (; *name != '\0'; ++name) {
    hash = hash * 33 + static_cast<unsigned char>(*name);
  }
  return hash;
}

}  // namespace

bool OpenedModule::read(const ElfW(Dyn) * dynamic) noexcept {
  if (dynamic == nullptr ||
      !platform::find_loaded_module(reinterpret_cast<std::uintptr_t>(dynamic), loaded_)) {
    return false;
  }
  find_segments();
  for (const ElfW(Dyn)* each = dynamic; each->d_tag != DT_NULL; ++each) {
    switch (each->d_tag) {
      case DT_SYMTAB:
        symbols_ = reinterpret_cast<const ElfW(Sym)*>(each->d_un.d_ptr);
        break;
      case DT_STRTAB:
        names_ = reinterpret_cast<const char*>(each->d_un.d_ptr);
        break;
      case DT_GNU_HASH:
        hash_table_ = reinterpret_cast<const std::uint32_t*>(each->d_un.d_ptr);
        break;
      case DT_RELA:
        tables_[0].start = reinterpret_cast<const ElfW(Rela)*>(each->d_un.d_ptr);
        break;
      case DT_RELASZ:
        tables_[0].size = each->d_un.d_val;
        break;
      case DT_JMPREL:
        tables_[1].start = reinterpret_cast<const ElfW(Rela)*>(each->d_un.d_ptr);
        break;
      case DT_PLTRELSZ:
        tables_[1].size = each->d_un.d_val;
        break;
      default:
        break;
    }
  }
  return symbols_ != nullptr && names_ != nullptr;
}

void OpenedModule::find_segments() noexcept {
  const auto* const header = reinterpret_cast<const ElfW(Ehdr)*>(loaded_.start);
  if (std::memcmp(header->e_ident, ELFMAG, SELFMAG) == 0) {
    segments_ = reinterpret_cast<const ElfW(Phdr)*>(loaded_.start + header->e_phoff);
    segment_count_ = header->e_phnum;
  }
}

bool OpenedModule::may_execute(std::uintptr_t address) const noexcept {
  for (std::size_t i = 0; i < segment_count_; ++i) {
    const ElfW(Phdr)& segment = segments_[i];
    const std::uintptr_t start = loaded_.load_bias + segment.p_vaddr;
    if (segment.p_type == PT_LOAD && (segment.p_flags & PF_X) != 0 &&
        address >= platform::round_down(start, platform::page_size) && address < start + segment.p_memsz) {
      return true;
    }
  }
  return false;
}

// The page stays writable: another thread may be about to write to it, too.
void OpenedModule::write_word(std::uintptr_t* place, std::uintptr_t value) const noexcept {
  if (__atomic_load_n(place, __ATOMIC_RELAXED) == value) {
    return;
  }
  const auto address = reinterpret_cast<std::uintptr_t>(place);
  const int protection = PROT_READ | PROT_WRITE | (may_execute(address) ? PROT_EXEC : 0);
  if (platform::system_call(SYS_mprotect, platform::round_down(address, platform::page_size),
                            platform::page_size, protection) == 0) {
    __atomic_store_n(place, value, __ATOMIC_RELEASE);
  }
}

bool OpenedModule::read_entry(const ElfW(Rela) & relocation, Entry& entry) const noexcept {
  entry.name = names_ + symbols_[ELF64_R_SYM(relocation.r_info)].st_name;
  entry.place = reinterpret_cast<std::uintptr_t*>(loaded_.load_bias + relocation.r_offset);
  return is_symbol_entry(ELF64_R_TYPE(relocation.r_info)) && relocation.r_addend == 0;
}

void OpenedModule::write(const Entry& entry, const void* function) const noexcept {
  write_word(entry.place, reinterpret_cast<std::uintptr_t>(function));
}

std::uint32_t OpenedModule::find_symbol(const char* name, std::uint32_t after) const noexcept {
  if (hash_table_ == nullptr) {
    return 0;
  }
  const std::uint32_t bucket_count = hash_table_[0];
  const std::uint32_t first_symbol = hash_table_[1];
  const std::uint32_t filter_words = hash_table_[2];  // each of 64 bits
  const std::uint32_t* const buckets = hash_table_ + 4 + 2 * std::size_t{filter_words};
  const std::uint32_t* const chains = buckets + bucket_count;
  const std::uint32_t hash = gnu_hash(name);
  std::uint32_t index = bucket_count == 0 ? 0 : buckets[hash % bucket_count];
  if (index < first_symbol) {
    return 0;
  }
  for (bool is_last = false; !is_last; ++index) {
    const std::uint32_t each = chains[index - first_symbol];
    is_last = (each & 1U) != 0;
    if (index > after && (each | 1U) == (hash | 1U) && symbols_[index].st_shndx != SHN_UNDEF &&
        std::strcmp(names_ + symbols_[index].st_name, name) == 0) {
      return index;
    }
  }
  return 0;
}

const void* OpenedModule::find(const char* name) const noexcept {
  const std::uint32_t index = find_symbol(name, 0);
  return index == 0 ? nullptr : reinterpret_cast<const void*>(loaded_.load_bias + symbols_[index].st_value);
}

void OpenedModule::redefine(const char* name, const void* function) const noexcept {
  for (std::uint32_t index = find_symbol(name, 0); index != 0; index = find_symbol(name, index)) {
    // The loader adds the module's load bias, without a look at overflow.
    write_word(
        const_cast<std::uintptr_t*>(reinterpret_cast<const std::uintptr_t*>(&symbols_[index].st_value)),
        reinterpret_cast<std::uintptr_t>(function) - loaded_.load_bias);
  }
}

}  // namespace ar::abi

#include "platform/relocation.hpp"

#include <elf.h>
#include <link.h>

#include <cstddef>
#include <cstdint>

extern "C" {
// The linker's, of the module that this code is in. Absent in a fully static program.
[[gnu::weak, gnu::visibility("hidden")]] extern const ElfW(Ehdr) __ehdr_start;
[[gnu::weak, gnu::visibility("hidden")]] extern const ElfW(Dyn) arpent_dynamic[] __asm__("_DYNAMIC");
}

namespace ar::platform {

constinit bool known_as_relocated = false;

// Holds its own address as soon as the loader has added the load bias to all constants. It does this before
// it looks up any symbol.
[[gnu::visibility("hidden")]] extern const volatile void* const volatile biased_word;
constinit const volatile void* const volatile biased_word = &biased_word;

namespace {

constexpr std::uint32_t call_entry =
#if defined(__x86_64__)
    R_X86_64_JUMP_SLOT;
#elif defined(__aarch64__)
    R_AARCH64_JUMP_SLOT;
#endif

std::uintptr_t size_of_image(const ElfW(Ehdr) & header, std::uintptr_t start) noexcept {
  const auto* const segments = reinterpret_cast<const ElfW(Phdr)*>(start + header.e_phoff);
  std::uintptr_t size = 0;
  for (std::size_t i = 0; i < header.e_phnum; ++i) {
    const std::uintptr_t end = segments[i].p_vaddr + segments[i].p_memsz;
    if (segments[i].p_type == PT_LOAD && end > size) {
      size = end;
    }
  }
  return size;
}

// The loader fills in the entries for calls last and in order. Until then, an entry holds an address as it is
// in the file, without the load bias. A weak one may stay 0.
bool has_last_call_entry() noexcept {
  const auto start = reinterpret_cast<std::uintptr_t>(&__ehdr_start);
  if (__ehdr_start.e_type != ET_DYN) {
    return true;  // its addresses are the same before and after
  }
  const auto in_memory = [start](std::uintptr_t address) noexcept {
    return address < start ? address + start : address;  // not every loader adds the load bias
  };
  const ElfW(Rela)* calls = nullptr;
  const ElfW(Sym)* symbols = nullptr;
  std::size_t count = 0;
  for (const ElfW(Dyn)* each = arpent_dynamic; each->d_tag != DT_NULL; ++each) {
    if (each->d_tag == DT_JMPREL) {
      calls = reinterpret_cast<const ElfW(Rela)*>(in_memory(each->d_un.d_ptr));
    } else if (each->d_tag == DT_SYMTAB) {
      symbols = reinterpret_cast<const ElfW(Sym)*>(in_memory(each->d_un.d_ptr));
    } else if (each->d_tag == DT_PLTRELSZ) {
      count = each->d_un.d_val / sizeof(ElfW(Rela));
    }
  }
  while (calls != nullptr && symbols != nullptr && count != 0) {
    const ElfW(Rela)& entry = calls[--count];
    if (ELF64_R_TYPE(entry.r_info) == call_entry &&
        ELF64_ST_BIND(symbols[ELF64_R_SYM(entry.r_info)].st_info) != STB_WEAK) {
      return *reinterpret_cast<const volatile std::uintptr_t*>(start + entry.r_offset) >=
             size_of_image(__ehdr_start, start);
    }
  }
  return true;
}

}  // namespace

bool look_whether_relocated() noexcept {
  if (biased_word != &biased_word) {
    return false;
  }
  const bool is_so = arpent_dynamic == nullptr || &__ehdr_start == nullptr || has_last_call_entry();
  store_relaxed(known_as_relocated, is_so);
  return is_so;
}

}  // namespace ar::platform

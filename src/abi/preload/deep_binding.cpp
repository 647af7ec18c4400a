// Libraries opened with RTLD_DEEPBIND find the C library's malloc before ours, and blocks would cross from
// one heap to the other. What the loader has entered for malloc and its siblings in such a library is
// replaced by what serves the rest of the process.
//
// Its constructors run before that. What they allocate is the C library's, and freed there (foreign.cpp).
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <initializer_list>

#include "platform/loaded_module.hpp"
#include "platform/pages.hpp"
#include "platform/system_call.hpp"

namespace {

using Dlopen = void* (*)(const char* file, int mode);

constexpr const char* replaced_names[] = {"malloc",
                                          "free",
                                          "calloc",
                                          "realloc",
                                          "reallocarray",
                                          "memalign",
                                          "aligned_alloc",
                                          "posix_memalign",
                                          "valloc",
                                          "pvalloc",
                                          "malloc_usable_size",
                                          "malloc_trim",
                                          "__libc_malloc",
                                          "__libc_free",
                                          "__libc_calloc",
                                          "__libc_realloc",
                                          "__libc_memalign",
                                          "__libc_valloc",
                                          "__libc_pvalloc"};

// operator new, new[], delete and delete[], in all their forms.
bool is_operator(const char* name) noexcept {
  return std::strncmp(name, "_Znw", 4) == 0 || std::strncmp(name, "_Zna", 4) == 0 ||
         std::strncmp(name, "_Zdl", 4) == 0 || std::strncmp(name, "_Zda", 4) == 0;
}

bool is_replaced(const char* name) noexcept {
  for (const char* replaced : replaced_names) {
    if (std::strcmp(name, replaced) == 0) {
      return true;
    }
  }
  return is_operator(name);
}

// Whether the function is of the C library or of a C++ runtime. A library's own malloc, or that of a library
// that it brings along, is what its author wants.
bool is_of_runtime(const void* function) noexcept {
  ar::platform::LoadedModule in;
  if (!ar::platform::find_loaded_module(reinterpret_cast<std::uintptr_t>(function), in) ||
      in.path == nullptr) {
    return false;
  }
  const char* const slash = std::strrchr(in.path, '/');
  const char* const name = slash == nullptr ? in.path : slash + 1;
  for (const char* runtime : {"libc.so.", "libc-", "libstdc++.so.", "libc++.so.", "libc++abi.so."}) {
    if (std::strncmp(name, runtime, std::strlen(runtime)) == 0) {
      return true;
    }
  }
  return false;
}

bool is_symbol_entry(std::uint64_t type) noexcept {
#if defined(__x86_64__)
  return type == R_X86_64_JUMP_SLOT || type == R_X86_64_GLOB_DAT || type == R_X86_64_64;
#elif defined(__aarch64__)
  return type == R_AARCH64_JUMP_SLOT || type == R_AARCH64_GLOB_DAT || type == R_AARCH64_ABS64;
#endif
}

struct OpenedModule {
  ar::platform::LoadedModule loaded;
  std::uintptr_t read_only_start = 0;  // what the loader has made so once it was done
  std::uintptr_t read_only_end = 0;
  const ElfW(Sym) * symbols = nullptr;
  const char* names = nullptr;
};

void find_read_only_part(OpenedModule& module) noexcept {
  const auto* const header = reinterpret_cast<const ElfW(Ehdr)*>(module.loaded.start);
  if (std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) {
    return;
  }
  const auto* const segments = reinterpret_cast<const ElfW(Phdr)*>(module.loaded.start + header->e_phoff);
  for (int i = 0; i < header->e_phnum; ++i) {
    if (segments[i].p_type == PT_GNU_RELRO) {
      const std::uintptr_t start = module.loaded.load_bias + segments[i].p_vaddr;
      module.read_only_start = ar::platform::round_down(start, ar::platform::page_size);
      module.read_only_end = ar::platform::round_down(start + segments[i].p_memsz, ar::platform::page_size);
    }
  }
}

bool protect(std::uintptr_t page, int protection) noexcept {
  return ar::platform::system_call(SYS_mprotect, page, ar::platform::page_size, protection) == 0;
}

void write_entry(const OpenedModule& module, std::uintptr_t* entry, void* function) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(entry);
  const std::uintptr_t page = ar::platform::round_down(address, ar::platform::page_size);
  const bool read_only = address >= module.read_only_start && address < module.read_only_end;
  if (!read_only || protect(page, PROT_READ | PROT_WRITE)) {
    __atomic_store_n(entry, reinterpret_cast<std::uintptr_t>(function), __ATOMIC_RELEASE);
    if (read_only) {
      (void)protect(page, PROT_READ);
    }
  }
}

void replace_entry(const OpenedModule& module, void* handle, const ElfW(Rela) & relocation) noexcept {
  const ElfW(Sym)& symbol = module.symbols[ELF64_R_SYM(relocation.r_info)];
  const char* const name = module.names + symbol.st_name;
  if (!is_symbol_entry(ELF64_R_TYPE(relocation.r_info)) || relocation.r_addend != 0 ||
      symbol.st_shndx != SHN_UNDEF || !is_replaced(name)) {
    return;
  }
  auto* const entry = reinterpret_cast<std::uintptr_t*>(module.loaded.load_bias + relocation.r_offset);
  const bool unresolved =
      *entry >= module.loaded.start && *entry < module.loaded.end;  // bound when it is called
  const void* const bound = unresolved ? dlsym(handle, name) : reinterpret_cast<const void*>(*entry);
  void* const serving = dlsym(RTLD_DEFAULT, name);
  if (serving != nullptr && serving != bound && is_of_runtime(bound)) {
    write_entry(module, entry, serving);
  }
}

void replace_entries(const link_map& map, void* handle) noexcept {
  OpenedModule module;
  if (map.l_ld == nullptr ||
      !ar::platform::find_loaded_module(reinterpret_cast<std::uintptr_t>(map.l_ld), module.loaded)) {
    return;
  }
  find_read_only_part(module);
  struct Table {
    const ElfW(Rela) * start;
    std::size_t size;
  };
  Table tables[2] = {};
  for (const ElfW(Dyn)* each = map.l_ld; each->d_tag != DT_NULL; ++each) {
    switch (each->d_tag) {
      case DT_SYMTAB:
        module.symbols = reinterpret_cast<const ElfW(Sym)*>(each->d_un.d_ptr);
        break;
      case DT_STRTAB:
        module.names = reinterpret_cast<const char*>(each->d_un.d_ptr);
        break;
      case DT_RELA:
        tables[0].start = reinterpret_cast<const ElfW(Rela)*>(each->d_un.d_ptr);
        break;
      case DT_RELASZ:
        tables[0].size = each->d_un.d_val;
        break;
      case DT_JMPREL:
        tables[1].start = reinterpret_cast<const ElfW(Rela)*>(each->d_un.d_ptr);
        break;
      case DT_PLTRELSZ:
        tables[1].size = each->d_un.d_val;
        break;
      default:
        break;
    }
  }
  if (module.symbols == nullptr || module.names == nullptr) {
    return;
  }
  for (const Table& table : tables) {
    for (std::size_t i = 0; table.start != nullptr && i < table.size / sizeof(ElfW(Rela)); ++i) {
      replace_entry(module, handle, table.start[i]);
    }
  }
}

Dlopen next_dlopen() noexcept {
  static Dlopen next = nullptr;
  if (next == nullptr) {
    next = reinterpret_cast<Dlopen>(dlsym(RTLD_NEXT, "dlopen"));
  }
  return next;
}

// What it brings along follows it in the loader's list.
void* open_deeply_bound(const char* file, int mode) noexcept {
  void* const handle = next_dlopen()(file, mode);
  const int saved = errno;
  for (const auto* map = static_cast<const link_map*>(handle); map != nullptr; map = map->l_next) {
    replace_entries(*map, handle);
  }
  errno = saved;
  return handle;
}

struct Chosen {
  Dlopen function;
  long mode;
};

}  // namespace

// A name with a slash and without a dollar leads to the same file from every caller, so it may be opened from
// here. Any other is opened as its caller's, not deeply bound.
extern "C" [[gnu::visibility("hidden")]] Chosen arpent_choose_dlopen(const char* file, int mode) noexcept {
  if ((mode & RTLD_DEEPBIND) == 0 || file == nullptr) {
    return {next_dlopen(), mode};
  }
  if (std::strchr(file, '/') != nullptr && std::strchr(file, '$') == nullptr) {
    return {open_deeply_bound, mode};
  }
  return {next_dlopen(), mode & ~RTLD_DEEPBIND};
}

#include "platform/loaded_module.hpp"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cstring>

#include "platform/pages.hpp"
#include "platform/system_call.hpp"

namespace ar::platform {

namespace {

void read_build_id(LoadedModule& loaded, const char* notes, std::size_t size) noexcept {
  std::size_t position = 0;
  while (position + sizeof(ElfW(Nhdr)) <= size) {
    ElfW(Nhdr) note;
    std::memcpy(&note, notes + position, sizeof note);
    const std::size_t name = position + sizeof note;
    const std::size_t description = name + round_up(note.n_namesz, 4);
    if (description + note.n_descsz > size) {
      return;
    }
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && std::memcmp(notes + name, "GNU", 4) == 0) {
      loaded.build_id = reinterpret_cast<const std::uint8_t*>(notes + description);
      loaded.build_id_size = note.n_descsz;
      return;
    }
    position = description + round_up(note.n_descsz, 4);
  }
}

// The program headers, from the ELF header that every linker puts at the module's start.
void read_notes(LoadedModule& loaded) noexcept {
  ElfW(Ehdr) elf;
  std::memcpy(&elf, reinterpret_cast<const void*>(loaded.start), sizeof elf);
  if (std::memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0 || elf.e_phentsize != sizeof(ElfW(Phdr)) ||
      elf.e_phoff + std::size_t{elf.e_phnum} * sizeof(ElfW(Phdr)) > page_size) {
    return;
  }
  for (std::size_t i = 0; i < elf.e_phnum && loaded.build_id == nullptr; ++i) {
    ElfW(Phdr) header;
    std::memcpy(&header, reinterpret_cast<const void*>(loaded.start + elf.e_phoff + i * sizeof header),
                sizeof header);
    if (header.p_type == PT_NOTE) {
      read_build_id(loaded, reinterpret_cast<const char*>(loaded.load_bias + header.p_vaddr),
                    header.p_filesz);
    }
  }
}

// The executable, from the program headers that the kernel points to. A static executable has nothing else to
// ask at first: the tables of _dl_find_object are themselves made with malloc there.
bool find_in_executable(std::uintptr_t address, LoadedModule& loaded) noexcept {
  const std::uintptr_t table = getauxval(AT_PHDR);
  const std::size_t count = getauxval(AT_PHNUM);
  const std::uintptr_t first_page = table & ~(std::uintptr_t{page_size} - 1);
  if (table == 0 || std::memcmp(reinterpret_cast<const void*>(first_page), ELFMAG, SELFMAG) != 0) {
    return false;
  }
  std::uint64_t lowest = ~std::uint64_t{0};
  std::uint64_t highest = 0;
  std::uint64_t load_bias = 0;
  for (std::size_t i = 0; i < count; ++i) {
    ElfW(Phdr) segment;
    std::memcpy(&segment, reinterpret_cast<const void*>(table + i * sizeof segment), sizeof segment);
    if (segment.p_type == PT_LOAD) {
      lowest = segment.p_vaddr < lowest ? segment.p_vaddr : lowest;
      highest = segment.p_vaddr + segment.p_memsz > highest ? segment.p_vaddr + segment.p_memsz : highest;
      // Memory that no part of the file fills may be said to lie at offset 0 as well.
      load_bias = segment.p_offset == 0 && segment.p_filesz != 0 ? first_page - segment.p_vaddr : load_bias;
    }
  }
  if (address < load_bias + lowest || address >= load_bias + highest) {
    return false;
  }
  loaded.start = first_page;
  loaded.end = load_bias + highest;
  loaded.load_bias = load_bias;
  return true;
}

// Asks the loader without a lock: a thread that holds the loader's may be waiting for ours.
bool ask_loader(std::uintptr_t address, LoadedModule& loaded) noexcept {
  if (find_in_executable(address, loaded)) {
    return true;
  }
  dl_find_object object;
  if (_dl_find_object(reinterpret_cast<void*>(address), &object) != 0) {
    return false;
  }
  loaded.start = reinterpret_cast<std::uintptr_t>(object.dlfo_map_start);
  loaded.end = reinterpret_cast<std::uintptr_t>(object.dlfo_map_end);
  if (object.dlfo_link_map != nullptr) {
    loaded.load_bias = object.dlfo_link_map->l_addr;
    loaded.path = object.dlfo_link_map->l_name;
  }
  return true;
}

}  // namespace

bool find_loaded_module(std::uintptr_t address, LoadedModule& module) noexcept {
  module = {};
  if (!ask_loader(address, module)) {
    return false;
  }
  read_notes(module);
  return true;
}

namespace {

// A path that is relative to the working directory, made absolute.
const char* absolute_path(const char* path, char* buffer, std::size_t size) noexcept {
  while (path[0] == '.' && path[1] == '/') {
    path += 2;
  }
  const long got = system_call(SYS_getcwd, reinterpret_cast<long>(buffer), size - 2);
  const std::size_t length = got > 0 ? static_cast<std::size_t>(got) - 1 : 0;
  buffer[length] = '/';
  const std::size_t room = size - length - 2;
  const std::size_t path_length = std::strlen(path) < room ? std::strlen(path) : room;
  std::memcpy(buffer + length + 1, path, path_length);
  buffer[length + 1 + path_length] = '\0';
  return buffer;
}

bool are_same_file(const char* path, const char* other) noexcept {
  struct stat first{};
  struct stat second{};
  return system_call(SYS_newfstatat, AT_FDCWD, reinterpret_cast<long>(path), reinterpret_cast<long>(&first),
                     0) == 0 &&
         system_call(SYS_newfstatat, AT_FDCWD, reinterpret_cast<long>(other), reinterpret_cast<long>(&second),
                     0) == 0 &&
         first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

// The kernel puts this behind the name of a file that is gone. A file can also be called so.
void remove_deleted_mark(char* path) noexcept {
  constexpr char mark[] = " (deleted)";
  constexpr std::size_t mark_length = sizeof mark - 1;
  const std::size_t length = std::strlen(path);
  if (length > mark_length && std::strcmp(path + length - mark_length, mark) == 0 &&
      !are_same_file(path, "/proc/self/exe")) {
    path[length - mark_length] = '\0';
  }
}

bool is_loader(const char* path) noexcept {
  const char* const slash = std::strrchr(path, '/');
  return slash != nullptr && std::strncmp(slash, "/ld-", 4) == 0;
}

}  // namespace

const char* program_path(char* buffer, std::size_t size) noexcept {
  const long got = system_call(SYS_readlinkat, AT_FDCWD, reinterpret_cast<long>("/proc/self/exe"),
                               reinterpret_cast<long>(buffer), size - 1);
  buffer[got > 0 ? got : 0] = '\0';
  remove_deleted_mark(buffer);
  if (!is_loader(buffer)) {
    return buffer;
  }
  // The loader sets this to the program that it was asked to run.
  const auto* const named = reinterpret_cast<const char*>(getauxval(AT_EXECFN));
  if (named == nullptr || named[0] == '\0') {
    return buffer;
  }
  return named[0] == '/' ? named : absolute_path(named, buffer, size);
}

const char* module_path(const char* path, char* buffer, std::size_t size) noexcept {
  if (path == nullptr || path[0] == '\0') {
    return program_path(buffer, size);
  }
  if (path[0] == '/' || std::strchr(path, '/') == nullptr) {
    return path;
  }
  return absolute_path(path, buffer, size);
}

}  // namespace ar::platform

#include "track/modules.hpp"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "platform/pages.hpp"
#include "platform/system_call.hpp"
#include "track/recorders.hpp"
#include "track/region.hpp"
#include "track/strings.hpp"
#include "track/track.hpp"

namespace ar::track {

namespace {

constexpr std::uint32_t most_modules = 4096;
Offset module_offsets[most_modules];  // by index

struct Loaded {
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  std::uint64_t load_bias = 0;
  const char* path = nullptr;
  const std::uint8_t* build_id = nullptr;
  std::uint32_t build_id_size = 0;
};

void read_build_id(Loaded& loaded, const char* notes, std::size_t size) noexcept {
  std::size_t position = 0;
  while (position + sizeof(ElfW(Nhdr)) <= size) {
    ElfW(Nhdr) note;
    std::memcpy(&note, notes + position, sizeof note);
    const std::size_t name = position + sizeof note;
    const std::size_t description = name + platform::round_up(note.n_namesz, 4);
    if (description + note.n_descsz > size) {
      return;
    }
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && std::memcmp(notes + name, "GNU", 4) == 0) {
      loaded.build_id = reinterpret_cast<const std::uint8_t*>(notes + description);
      loaded.build_id_size = note.n_descsz < 32 ? note.n_descsz : 32;
      return;
    }
    position = description + platform::round_up(note.n_descsz, 4);
  }
}

// The program headers, from the ELF header that every linker puts at the module's start.
void read_notes(Loaded& loaded) noexcept {
  ElfW(Ehdr) elf;
  std::memcpy(&elf, reinterpret_cast<const void*>(loaded.start), sizeof elf);
  if (std::memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0 || elf.e_phentsize != sizeof(ElfW(Phdr)) ||
      elf.e_phoff + std::size_t{elf.e_phnum} * sizeof(ElfW(Phdr)) > platform::page_size) {
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
bool find_in_executable(std::uintptr_t address, Loaded& loaded) noexcept {
  const std::uintptr_t table = getauxval(AT_PHDR);
  const std::size_t count = getauxval(AT_PHNUM);
  const std::uintptr_t first_page = table & ~(std::uintptr_t{platform::page_size} - 1);
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
bool find_loaded(std::uintptr_t address, Loaded& loaded) noexcept {
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

// The loader names the executable "", and other modules as they were asked for, perhaps by a relative path.
Offset module_path(const char* path) noexcept {
  char absolute[4096];
  if (path == nullptr || path[0] == '\0') {
    const long size = platform::system_call(SYS_readlink, reinterpret_cast<long>("/proc/self/exe"),
                                            reinterpret_cast<long>(absolute), sizeof absolute - 1);
    absolute[size > 0 ? size : 0] = '\0';
    return intern_string(absolute);
  }
  if (path[0] == '/' || std::strchr(path, '/') == nullptr) {
    return intern_string(path);
  }
  const long size = platform::system_call(SYS_getcwd, reinterpret_cast<long>(absolute), sizeof absolute - 2);
  const std::size_t length = size > 0 ? static_cast<std::size_t>(size) - 1 : 0;
  absolute[length] = '/';
  const std::size_t room = sizeof absolute - length - 2;
  const std::size_t path_length = std::strlen(path) < room ? std::strlen(path) : room;
  std::memcpy(absolute + length + 1, path, path_length);
  absolute[length + 1 + path_length] = '\0';
  return intern_string(absolute);
}

bool same(const ModuleRecord& record, const Loaded& loaded) noexcept {
  return record.unloaded == 0 && record.start == loaded.start && record.end == loaded.end &&
         record.load_bias == loaded.load_bias && record.build_id_size == loaded.build_id_size &&
         (loaded.build_id_size == 0 ||
          std::memcmp(record.build_id, loaded.build_id, loaded.build_id_size) == 0);
}

std::uint32_t add_module(const Loaded& loaded) noexcept {
  Header* profile = header();
  const std::uint32_t index = profile->module_count;
  auto* record =
      index < most_modules ? static_cast<ModuleRecord*>(allocate_in_region(sizeof(ModuleRecord))) : nullptr;
  if (record == nullptr) {
    return 0;
  }
  record->start = loaded.start;
  record->end = loaded.end;
  record->load_bias = loaded.load_bias;
  record->build_id_size = loaded.build_id_size;
  if (loaded.build_id_size != 0) {
    std::memcpy(record->build_id, loaded.build_id, loaded.build_id_size);
  }
  record->path = module_path(loaded.path);
  const Offset offset = offset_of(record);
  Offset* link = index == 0 ? &profile->modules : &at<ModuleRecord>(module_offsets[index - 1])->next;
  module_offsets[index] = offset;
  __atomic_store_n(link, offset, __ATOMIC_RELEASE);
  __atomic_store_n(&profile->module_count, index + 1, __ATOMIC_RELEASE);
  return index + 1;
}

bool is_still_loaded(const ModuleRecord& record) noexcept {
  Loaded loaded;
  if (!find_loaded(record.start, loaded)) {
    return false;
  }
  read_notes(loaded);
  return same(record, loaded);
}

}  // namespace

std::uint32_t intern_module(std::uintptr_t address) noexcept {
  Loaded loaded;
  if (!find_loaded(address, loaded)) {
    return 0;
  }
  read_notes(loaded);
  for (std::uint32_t index = header()->module_count; index > 0; --index) {
    if (same(*at<ModuleRecord>(module_offsets[index - 1]), loaded)) {
      return index;
    }
  }
  return add_module(loaded);
}

const ModuleRecord* module(std::uint32_t index_plus_1) noexcept {
  const Header* profile = header();
  if (profile == nullptr || index_plus_1 == 0 ||
      index_plus_1 > __atomic_load_n(&profile->module_count, __ATOMIC_ACQUIRE)) {
    return nullptr;
  }
  return at<ModuleRecord>(module_offsets[index_plus_1 - 1]);
}

std::uint32_t module_of(std::uintptr_t address) noexcept {
  if (profile() == nullptr) {
    return 0;
  }
  for (std::uint32_t index = __atomic_load_n(&header()->module_count, __ATOMIC_ACQUIRE); index > 0; --index) {
    const auto* known = at<ModuleRecord>(module_offsets[index - 1]);
    if (known->unloaded == 0 && address >= known->start && address < known->end) {
      return index;
    }
  }
  if (!tracker_lock().try_lock()) {
    return 0;
  }
  const std::uint32_t index = intern_module(address);
  tracker_lock().unlock();
  return index;
}

void mark_unloaded_modules() noexcept {
  for (std::uint32_t index = 0; index < header()->module_count; ++index) {
    auto* record = at<ModuleRecord>(module_offsets[index]);
    if (record->unloaded == 0 && !is_still_loaded(*record)) {
      __atomic_store_n(&record->unloaded, 1, __ATOMIC_RELAXED);
    }
  }
}

}  // namespace ar::track

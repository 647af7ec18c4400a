#include "unwind/code_image.hpp"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <sys/auxv.h>

#include <cstring>

#include "platform/pages.hpp"

namespace ar::unwind {

namespace {

struct ProgramHeaders {
  std::uintptr_t table;
  std::size_t count;
  std::uintptr_t load_bias;
};

ElfW(Phdr) segment_of(const ProgramHeaders& headers, std::size_t index) noexcept {
  ElfW(Phdr) segment;
  std::memcpy(&segment, reinterpret_cast<const void*>(headers.table + index * sizeof segment),
              sizeof segment);
  return segment;
}

bool holds(const ProgramHeaders& headers, std::uintptr_t address) noexcept {
  for (std::size_t i = 0; i < headers.count; ++i) {
    const ElfW(Phdr) segment = segment_of(headers, i);
    if (segment.p_type == PT_LOAD && address - (headers.load_bias + segment.p_vaddr) < segment.p_memsz) {
      return true;
    }
  }
  return false;
}

void describe(const ProgramHeaders& headers, CodeImage& image) noexcept {
  for (std::size_t i = 0; i < headers.count; ++i) {
    const ElfW(Phdr) segment = segment_of(headers, i);
    const std::uintptr_t start = headers.load_bias + segment.p_vaddr;
    if (segment.p_type == PT_LOAD && (segment.p_flags & PF_R) != 0) {
      image.add(start, start + segment.p_filesz);
    } else if (segment.p_type == PT_GNU_EH_FRAME) {
      image.frame_header = start;
    }
  }
}

// The kernel points to the executable's headers. A static executable has nothing else to ask at first: the
// tables of _dl_find_object are themselves made with malloc there.
bool headers_of_executable(ProgramHeaders& headers) noexcept {
  headers = {.table = getauxval(AT_PHDR), .count = getauxval(AT_PHNUM), .load_bias = 0};
  if (headers.table == 0 || getauxval(AT_PHENT) != sizeof(ElfW(Phdr))) {
    return false;
  }
  for (std::size_t i = 0; i < headers.count; ++i) {
    const ElfW(Phdr) segment = segment_of(headers, i);
    if (segment.p_type == PT_PHDR) {
      headers.load_bias = headers.table - segment.p_vaddr;
      return true;
    }
  }
  // Without that entry (static, at a fixed address) the file's start tells, where it is mapped.
  for (std::size_t i = 0; i < headers.count; ++i) {
    const ElfW(Phdr) segment = segment_of(headers, i);
    if (segment.p_type == PT_LOAD && segment.p_offset == 0) {
      headers.load_bias = platform::round_down(headers.table, platform::page_size) - segment.p_vaddr;
      return true;
    }
  }
  return false;
}

// Every linker puts the file's header, with these behind it, at a module's start.
bool headers_of_library(const dl_find_object& object, ProgramHeaders& headers) noexcept {
  const auto start = reinterpret_cast<std::uintptr_t>(object.dlfo_map_start);
  if (object.dlfo_link_map == nullptr) {
    return false;
  }
  ElfW(Ehdr) elf;
  std::memcpy(&elf, object.dlfo_map_start, sizeof elf);
  if (std::memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0 || elf.e_phentsize != sizeof(ElfW(Phdr)) ||
      elf.e_phoff > platform::page_size ||
      elf.e_phoff + std::size_t{elf.e_phnum} * sizeof(ElfW(Phdr)) > platform::page_size) {
    return false;
  }
  headers = {.table = start + elf.e_phoff, .count = elf.e_phnum, .load_bias = object.dlfo_link_map->l_addr};
  return true;
}

}  // namespace

void CodeImage::add(std::uintptr_t start, std::uintptr_t end) noexcept {
  if (range_count < most_ranges && start < end) {
    readable[range_count++] = {start, end};
  }
}

Bytes CodeImage::bytes_at(std::uintptr_t address) const noexcept {
  for (unsigned i = 0; i < range_count; ++i) {
    if (address >= readable[i].start && address < readable[i].end) {
      return {address, readable[i].end};
    }
  }
  return {};
}

bool find_code_image(std::uintptr_t address, CodeImage& image) noexcept {
  ProgramHeaders headers;
  if (headers_of_executable(headers) && holds(headers, address)) {
    describe(headers, image);
    return image.frame_header != 0;
  }
  dl_find_object object;
  if (_dl_find_object(reinterpret_cast<void*>(address), &object) != 0 ||
      !headers_of_library(object, headers) || !holds(headers, address)) {
    return false;
  }
  describe(headers, image);
  return image.frame_header != 0;
}

}  // namespace ar::unwind

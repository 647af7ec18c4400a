#include "profile/symbols/line_tables.hpp"

#include <dwarf.h>
#include <gelf.h>
#include <libelf.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>

#include "profile/symbols/debug_budget.hpp"

namespace ar::profile {
namespace {

// The sizes of the line tables of a file from `offset` to where the one there ends. More sections than one
// may have the name; elfutils reads any of them.
std::uint64_t size_of_table(Dwarf* file, std::uint64_t offset) {
  Elf* const elf = dwarf_getelf(file);
  std::size_t names = 0;
  if (elf_getshdrstrndx(elf, &names) != 0) {
    return 0;
  }
  std::uint64_t size = 0;
  for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf, section)) != nullptr;) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr) {
      continue;
    }
    const char* const text = elf_strptr(elf, names, header.sh_name);
    const std::string_view name{text == nullptr ? "" : text};
    if (name != ".debug_line" && name != ".zdebug_line" && name != ".debug_line.dwo") {
      continue;
    }
    const Elf_Data* const data = elf_getdata(section, nullptr);
    std::uint32_t short_length = 0;
    if (data == nullptr || data->d_buf == nullptr || data->d_size < sizeof short_length ||
        offset > data->d_size - sizeof short_length) {
      continue;
    }
    const auto* const at = static_cast<const unsigned char*>(data->d_buf) + offset;
    const std::uint64_t rest = data->d_size - offset - sizeof short_length;
    std::memcpy(&short_length, at, sizeof short_length);
    // A table of the 64-bit form counts as all that follows.
    size = std::max(size, std::min<std::uint64_t>(rest, short_length));
  }
  return size;
}

}  // namespace

bool LineTables::allow(Dwarf_Die& unit, std::uint64_t& bytes_left) {
  Dwarf_Attribute attribute;
  Dwarf_Word offset = 0;  // that of a split unit's table
  (void)dwarf_formudata(dwarf_attr(&unit, DW_AT_stmt_list, &attribute), &offset);
  Dwarf* const file = dwarf_cu_getdwarf(unit.cu);
  const auto [entry, is_new] = allowed_.try_emplace({file, offset});
  if (is_new) {
    entry->second = spend(bytes_left, size_of_table(file, offset));
  }
  return entry->second;
}

}  // namespace ar::profile

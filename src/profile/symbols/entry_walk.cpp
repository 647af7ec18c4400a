#include "profile/symbols/entry_walk.hpp"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <libelf.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>
#include <utility>

#include "profile/symbols/debug_budget.hpp"

namespace ar::profile {
namespace {

// So many attributes of an entry take as long as an entry without any.
constexpr std::uint64_t attributes_per_step = 16;

const unsigned char* end_of_unit(Dwarf_Die& entry, const unsigned char* end_of_section) {
  const unsigned char* at = static_cast<unsigned char*>(entry.addr) - dwarf_cuoffset(&entry);
  std::uint32_t short_length = 0;
  std::memcpy(&short_length, at, sizeof short_length);
  at += sizeof short_length;
  std::uint64_t length = short_length;
  if (short_length == 0xffffffffU) {
    std::memcpy(&length, at, sizeof length);
    at += sizeof length;
  }
  return at + std::min(length, static_cast<std::uint64_t>(end_of_section - at));
}

// Of a number in LEB128; all of it lies before `end`, or nothing.
std::optional<std::uint64_t> read_number(const unsigned char*& at, const unsigned char* end) {
  std::uint64_t number = 0;
  for (unsigned shift = 0; at < end; shift += 7) {
    const unsigned char byte = *at++;
    number |= shift < 64 ? std::uint64_t{byte & 127U} << shift : 0;
    if ((byte & 128U) == 0) {
      return number;
    }
  }
  return std::nullopt;
}

std::optional<std::size_t> fixed_size(unsigned form, const EntryWalk::Sizes& unit) {
  switch (form) {
    case DW_FORM_flag_present:
    case DW_FORM_implicit_const:
      return 0;
    case DW_FORM_data1:
    case DW_FORM_ref1:
    case DW_FORM_flag:
    case DW_FORM_strx1:
    case DW_FORM_addrx1:
      return 1;
    case DW_FORM_data2:
    case DW_FORM_ref2:
    case DW_FORM_strx2:
    case DW_FORM_addrx2:
      return 2;
    case DW_FORM_strx3:
    case DW_FORM_addrx3:
      return 3;
    case DW_FORM_data4:
    case DW_FORM_ref4:
    case DW_FORM_ref_sup4:
    case DW_FORM_strx4:
    case DW_FORM_addrx4:
      return 4;
    case DW_FORM_data8:
    case DW_FORM_ref8:
    case DW_FORM_ref_sig8:
    case DW_FORM_ref_sup8:
      return 8;
    case DW_FORM_data16:
      return 16;
    case DW_FORM_addr:
      return unit.address;
    case DW_FORM_ref_addr:
      return unit.version <= 2 ? unit.address : unit.offset;
    case DW_FORM_strp:
    case DW_FORM_line_strp:
    case DW_FORM_strp_sup:
    case DW_FORM_sec_offset:
    case DW_FORM_GNU_ref_alt:
    case DW_FORM_GNU_strp_alt:
      return unit.offset;
    default:
      return std::nullopt;
  }
}

// The end of an attribute's value; null if it is damaged or of an unknown form.
const unsigned char* end_of_value(unsigned form, const unsigned char* at, const unsigned char* end,
                                  const EntryWalk::Sizes& unit) {
  const auto skip = [&](std::optional<std::uint64_t> size) {
    return size && *size <= static_cast<std::uint64_t>(end - at) ? at + *size : nullptr;
  };
  const auto sized = [&](std::size_t bytes) -> const unsigned char* {
    if (static_cast<std::size_t>(end - at) < bytes) {
      return nullptr;
    }
    std::uint64_t size = 0;
    std::memcpy(&size, at, bytes);
    at += bytes;
    return skip(size);
  };
  while (form == DW_FORM_indirect) {
    const auto actual = read_number(at, end);
    if (!actual) {
      return nullptr;
    }
    form = static_cast<unsigned>(*actual);
  }
  if (const auto size = fixed_size(form, unit)) {
    return skip(size);
  }
  switch (form) {
    case DW_FORM_string: {
      const void* const zero = std::memchr(at, 0, static_cast<std::size_t>(end - at));
      return zero == nullptr ? nullptr : static_cast<const unsigned char*>(zero) + 1;
    }
    case DW_FORM_block1:
      return sized(1);
    case DW_FORM_block2:
      return sized(2);
    case DW_FORM_block4:
      return sized(4);
    case DW_FORM_block:
    case DW_FORM_exprloc:
      return skip(read_number(at, end));
    case DW_FORM_sdata:
    case DW_FORM_udata:
    case DW_FORM_ref_udata:
    case DW_FORM_strx:
    case DW_FORM_addrx:
    case DW_FORM_loclistx:
    case DW_FORM_rnglistx:
    case DW_FORM_GNU_addr_index:
    case DW_FORM_GNU_str_index:
      return read_number(at, end) ? at : nullptr;
    default:
      return nullptr;
  }
}

struct Attributes {
  Dwarf_Attribute last{};  // of those whose values stand in the entry
  std::uint64_t count = 0;
};

int note_attribute(Dwarf_Attribute* attribute, void* into) {
  auto& noted = *static_cast<Attributes*>(into);
  ++noted.count;
  if (attribute->form != DW_FORM_implicit_const) {
    noted.last = *attribute;
  }
  return DWARF_CB_OK;
}

}  // namespace

const unsigned char* SectionEnds::after(Dwarf_Die& entry) {
  const auto* const at = static_cast<const unsigned char*>(entry.addr);
  const auto holds = [&](const Content& content) { return content.start <= at && at < content.end; };
  if (const auto found = std::ranges::find_if(known_, holds); found != known_.end()) {
    return found->end;
  }
  Elf* const elf = dwarf_getelf(dwarf_cu_getdwarf(entry.cu));
  for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf, section)) != nullptr;) {
    const Elf_Data* const data = elf_getdata(section, nullptr);
    if (data == nullptr || data->d_buf == nullptr) {
      continue;
    }
    const auto* const start = static_cast<const unsigned char*>(data->d_buf);
    const Content content{.start = start, .end = start + data->d_size};
    if (holds(content)) {
      known_.push_back(content);
      return content.end;
    }
  }
  return nullptr;
}

EntryWalk::EntryWalk(Dwarf_Die& scope, SectionEnds& ends, std::uint64_t& left)
    : entry_(scope), end_(ends.after(scope)), left_(left) {
  Dwarf_Die unit;
  Dwarf_Half version = 0;
  std::uint8_t address_size = 0;
  std::uint8_t offset_size = 0;
  if (end_ != nullptr && dwarf_cu_die(scope.cu, &unit, &version, nullptr, &address_size, &offset_size,
                                      nullptr, nullptr) != nullptr) {
    end_ = end_of_unit(scope, end_);
    sizes_ = {.version = version, .address = address_size, .offset = offset_size};
  } else {
    end_ = nullptr;
  }
}

bool EntryWalk::cut() {
  is_cut_ = true;
  return false;
}

bool EntryWalk::next() {
  const std::uint64_t depth = depth_;
  const bool skips = std::exchange(skips_children_, false);
  if (!skips || dwarf_haschildren(&entry_) <= 0) {
    return step();
  }
  Dwarf_Die sibling;
  if (dwarf_hasattr(&entry_, DW_AT_sibling) != 0 && dwarf_siblingof(&entry_, &sibling) == 0 &&
      sibling.addr > entry_.addr) {
    entry_ = sibling;
    return spend(left_, 1) || cut();
  }
  while (step()) {
    if (depth_ <= depth) {
      return true;
    }
  }
  return false;
}

bool EntryWalk::step() {
  const auto* at = static_cast<const unsigned char*>(entry_.addr);
  Attributes attributes;
  if (end_ == nullptr || !read_number(at, end_) ||
      dwarf_getattrs(&entry_, note_attribute, &attributes, 0) != 1 ||
      !spend(left_, 1 + attributes.count / attributes_per_step)) {
    return cut();
  }
  if (attributes.last.form != 0) {
    at = end_of_value(attributes.last.form, attributes.last.valp, end_, sizes_);
  }
  if (at == nullptr) {
    return cut();
  }
  depth_ += dwarf_haschildren(&entry_) > 0 ? 1 : 0;
  for (; depth_ > end_depth_ && at < end_ && *at == 0; ++at) {  // ends a list of children
    --depth_;
  }
  if (depth_ <= end_depth_ || at >= end_) {
    return false;
  }
  Dwarf_Die found{};
  found.addr = const_cast<unsigned char*>(at);
  found.cu = entry_.cu;
  entry_ = found;
  return dwarf_tag(&entry_) != DW_TAG_invalid || cut();
}

}  // namespace ar::profile

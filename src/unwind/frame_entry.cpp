#include "unwind/frame_entry.hpp"

#include <cstring>

namespace ar::unwind {

namespace {

// DW_EH_PE_*: how a pointer is written.
constexpr std::uint8_t encoding_absolute = 0x00;
constexpr std::uint8_t encoding_unsigned_leb = 0x01;
constexpr std::uint8_t encoding_unsigned_2 = 0x02;
constexpr std::uint8_t encoding_unsigned_4 = 0x03;
constexpr std::uint8_t encoding_unsigned_8 = 0x04;
constexpr std::uint8_t encoding_signed_leb = 0x09;
constexpr std::uint8_t encoding_signed_2 = 0x0a;
constexpr std::uint8_t encoding_signed_4 = 0x0b;
constexpr std::uint8_t encoding_signed_8 = 0x0c;
constexpr std::uint8_t encoding_from_here = 0x10;
constexpr std::uint8_t encoding_sorted_table = 0x3b;  // from the header, signed, 4 bytes: what linkers write
constexpr std::uint8_t encoding_omitted = 0xff;
constexpr std::uint8_t mask_format = 0x0f;
constexpr std::uint8_t mask_base = 0x70;
constexpr std::uint8_t flag_indirect = 0x80;

bool read_number(Bytes& bytes, std::uint8_t format, std::uintptr_t& number) noexcept {
  switch (format) {
    case encoding_absolute:
    case encoding_unsigned_8:
    case encoding_signed_8:
      number = bytes.read<std::uint64_t>();
      return true;
    case encoding_unsigned_leb:
      number = bytes.unsigned_leb();
      return true;
    case encoding_signed_leb:
      number = static_cast<std::uint64_t>(bytes.signed_leb());
      return true;
    case encoding_unsigned_2:
      number = bytes.read<std::uint16_t>();
      return true;
    case encoding_unsigned_4:
      number = bytes.read<std::uint32_t>();
      return true;
    case encoding_signed_2:
      number = static_cast<std::uint64_t>(std::int64_t{bytes.read<std::int16_t>()});
      return true;
    case encoding_signed_4:
      number = static_cast<std::uint64_t>(std::int64_t{bytes.read<std::int32_t>()});
      return true;
    default:
      return false;
  }
}

// One record: its length, then that many bytes.
Bytes read_record(Bytes bytes) noexcept {
  constexpr std::uint32_t long_form = 0xffffffff;
  const auto short_length = bytes.read<std::uint32_t>();
  const std::uint64_t length = short_length == long_form ? bytes.read<std::uint64_t>() : short_length;
  return length == 0 ? Bytes() : bytes.take(length);
}

// The letters of a CIE's augmentation, after the 'z' that says that they can be passed over.
bool read_augmentation(const char* letters, Bytes data, FrameEntry& entry) noexcept {
  for (; *letters != '\0'; ++letters) {
    std::uintptr_t ignored = 0;
    switch (*letters) {
      case 'R':
        entry.pointer_encoding = data.read<std::uint8_t>();
        break;
      case 'S':
        entry.signal_frame = true;
        break;
      case 'L':
        data.read<std::uint8_t>();
        break;
      case 'P':
        if (const auto encoding = data.read<std::uint8_t>();
            !read_number(data, encoding & mask_format, ignored)) {
          return false;
        }
        break;
      default:
        return false;
    }
  }
  return data.good();
}

// The part that many functions have in common (CIE).
bool read_common(const CodeImage& image, std::uintptr_t place, FrameEntry& entry) noexcept {
  Bytes record = read_record(image.bytes_at(place));
  const auto id = record.read<std::uint32_t>();
  const auto version = record.read<std::uint8_t>();
  if (!record.good() || id != 0 || (version != 1 && version != 3)) {
    return false;
  }
  constexpr std::size_t most_letters = 8;
  char letters[most_letters] = {};
  for (std::size_t i = 0;; ++i) {
    if (i == most_letters) {
      return false;
    }
    letters[i] = record.read<char>();
    if (letters[i] == '\0') {
      break;
    }
  }
  entry.code_alignment = record.unsigned_leb();
  entry.data_alignment = record.signed_leb();
  entry.return_address_register = version == 1 ? record.read<std::uint8_t>() : record.unsigned_leb();
  entry.pointer_encoding = encoding_absolute;
  entry.signal_frame = false;
  if (letters[0] == 'z') {
    const Bytes data = record.take(record.unsigned_leb());
    if (!read_augmentation(letters + 1, data, entry)) {
      return false;
    }
  } else if (letters[0] != '\0') {
    return false;
  }
  entry.common_instructions = record;
  return record.good();
}

bool has_augmentation_data(const CodeImage& image, std::uintptr_t common) noexcept {
  Bytes record = read_record(image.bytes_at(common));
  record.read<std::uint32_t>();
  record.read<std::uint8_t>();
  return record.read<char>() == 'z';
}

struct TableEntry {
  std::int32_t code;  // both from the header
  std::int32_t description;
};

TableEntry table_entry(std::uintptr_t table, std::uint64_t index) noexcept {
  TableEntry entry;
  std::memcpy(&entry, reinterpret_cast<const void*>(table + index * sizeof entry), sizeof entry);
  return entry;
}

}  // namespace

bool read_encoded(Bytes& bytes, std::uint8_t encoding, std::uintptr_t& pointer) noexcept {
  const std::uintptr_t here = bytes.position();
  const std::uint8_t base = encoding & mask_base;
  if (encoding == encoding_omitted || (encoding & flag_indirect) != 0 ||
      (base != encoding_absolute && base != encoding_from_here) ||
      !read_number(bytes, encoding & mask_format, pointer)) {
    return false;
  }
  pointer += base == encoding_from_here ? here : 0;
  return bytes.good();
}

bool read_frame_entry(const CodeImage& image, std::uintptr_t place, FrameEntry& entry) noexcept {
  Bytes record = read_record(image.bytes_at(place));
  const std::uintptr_t here = record.position();
  const auto distance = record.read<std::uint32_t>();
  if (!record.good() || distance == 0) {
    return false;  // 0: a CIE
  }
  const std::uintptr_t common = here - distance;
  std::uintptr_t size = 0;
  if (!read_common(image, common, entry) || !read_encoded(record, entry.pointer_encoding, entry.start) ||
      !read_number(record, entry.pointer_encoding & mask_format, size)) {
    return false;
  }
  if (has_augmentation_data(image, common)) {
    record.take(record.unsigned_leb());
  }
  entry.end = entry.start + size;
  entry.instructions = record;
  return record.good() && entry.end > entry.start;
}

bool find_frame_entry(const CodeImage& image, std::uintptr_t address, FrameEntry& entry) noexcept {
  Bytes header = image.bytes_at(image.frame_header);
  const auto version = header.read<std::uint8_t>();
  const auto frames_encoding = header.read<std::uint8_t>();
  const auto count_encoding = header.read<std::uint8_t>();
  const auto table_encoding = header.read<std::uint8_t>();
  std::uintptr_t frames = 0;
  std::uintptr_t count = 0;
  if (version != 1 || table_encoding != encoding_sorted_table || count_encoding == encoding_omitted ||
      !read_number(header, frames_encoding & mask_format, frames) ||
      !read_number(header, count_encoding & mask_format, count) || !header.good() || count == 0 ||
      count > header.remaining() / sizeof(TableEntry)) {
    return false;
  }
  const std::uintptr_t table = header.position();
  const auto wanted = static_cast<std::int64_t>(address - image.frame_header);
  // The last entry whose code begins at or before the address.
  std::uint64_t first = 0;
  std::uint64_t past = count;
  while (past - first > 1) {
    const std::uint64_t middle = first + (past - first) / 2;
    if (table_entry(table, middle).code <= wanted) {
      first = middle;
    } else {
      past = middle;
    }
  }
  const std::int64_t description = table_entry(table, first).description;
  return read_frame_entry(image, image.frame_header + static_cast<std::uint64_t>(description), entry) &&
         address >= entry.start && address < entry.end;
}

}  // namespace ar::unwind

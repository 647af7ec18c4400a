#include "ml/safetensors_header.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "ml/json_reader.hpp"

namespace ar::ml {

namespace {

struct DtypeRow {
  const char* name;
  std::size_t bits;
};

// In the order of Dtype.
constexpr std::array dtype_rows{
    DtypeRow{"BOOL", 8},    DtypeRow{"U8", 8},      DtypeRow{"I8", 8},          DtypeRow{"F8_E5M2", 8},
    DtypeRow{"F8_E4M3", 8}, DtypeRow{"F8_E8M0", 8}, DtypeRow{"F8_E4M3FNUZ", 8}, DtypeRow{"F8_E5M2FNUZ", 8},
    DtypeRow{"I16", 16},    DtypeRow{"U16", 16},    DtypeRow{"F16", 16},        DtypeRow{"BF16", 16},
    DtypeRow{"I32", 32},    DtypeRow{"U32", 32},    DtypeRow{"F32", 32},        DtypeRow{"F64", 64},
    DtypeRow{"I64", 64},    DtypeRow{"U64", 64},    DtypeRow{"C64", 64},        DtypeRow{"F4", 4},
    DtypeRow{"F6_E2M3", 6}, DtypeRow{"F6_E3M2", 6},
};
static_assert(dtype_rows.size() == static_cast<std::size_t>(Dtype::f6_e3m2) + 1);

}  // namespace

const char* name(Dtype dtype) noexcept { return dtype_rows[static_cast<std::size_t>(dtype)].name; }
std::size_t bits_of(Dtype dtype) noexcept { return dtype_rows[static_cast<std::size_t>(dtype)].bits; }

namespace safetensors {

WeightError error(WeightFault fault, const std::string* tensor, const std::string& what) {
  if (tensor == nullptr) {
    return {fault, {}, what};
  }
  return {fault, *tensor, "tensor " + quoted(*tensor) + ": " + what};
}

std::expected<std::size_t, WeightFault> bytes_of(Dtype dtype, std::span<const std::size_t> shape) noexcept {
  constexpr std::size_t largest = PTRDIFF_MAX;
  constexpr std::size_t byte_bits = 8;
  const std::size_t bits = bits_of(dtype);
  std::size_t items = 1;
  bool is_empty = false;
  for (const std::size_t size : shape) {
    if (size == 0) {
      is_empty = true;
    } else if (items > largest / size) {
      return std::unexpected(WeightFault::overflow);
    } else {
      items *= size;
    }
  }
  // Of eight items, which fill whole bytes, and of the rest: the bits of all items may not fit into 64.
  const std::size_t rest_bits = items % byte_bits * bits;
  if (items / byte_bits > (largest - rest_bits / byte_bits) / bits) {
    return std::unexpected(WeightFault::overflow);
  }
  if (is_empty) {
    return 0;
  }
  if (rest_bits % byte_bits != 0) {
    return std::unexpected(WeightFault::partial_byte);
  }
  return items / byte_bits * bits + rest_bits / byte_bits;
}

WeightError size_error(WeightFault fault, const std::string* tensor, Dtype dtype,
                       std::span<const std::size_t> shape) {
  const std::string type = std::string(name(dtype)) + " " + text_of(shape);
  return error(
      fault, tensor,
      (fault == WeightFault::overflow ? "its size overflows: " : "its last byte is not filled: ") + type);
}

std::string text_of(std::span<const std::size_t> shape) {
  std::string text = "[";
  for (const std::size_t size : shape) {
    text += (text.size() == 1 ? "" : ", ") + (size == any_size ? "any" : std::to_string(size));
  }
  return text + "]";
}

std::string quoted(std::string_view text) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string result = "\"";
  for (const char letter : text) {
    const auto code = static_cast<unsigned char>(letter);
    if (letter == '"' || letter == '\\') {
      result += {'\\', letter};
    } else if (code < 0x20 || code == 0x7f) {
      result += {'\\', 'u', '0', '0', digits[code >> 4U], digits[code & 0xfU]};
    } else {
      result += letter;
    }
  }
  return result + "\"";
}

bool is_utf8(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = [&](std::size_t index) -> std::uint32_t {
      return index < text.size() ? static_cast<unsigned char>(text[index]) : 0U;
    };
    const std::uint32_t first = byte(at);
    if (first < 0x80) {
      ++at;
      continue;
    }
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4) {
      return false;
    }
    std::uint32_t code = first & (0x7fU >> length);
    for (std::size_t index = 1; index < length; ++index) {
      if ((byte(at + index) & 0xc0U) != 0x80) {
        return false;
      }
      code = (code << 6U) | (byte(at + index) & 0x3fU);
    }
    const bool is_longer_than_needed = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
    if (is_longer_than_needed || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
      return false;
    }
    at += length;
  }
  return true;
}

namespace {

// Reads the JSON; what only a look at all tensors shows is left to check_places.
class HeaderReader {
 public:
  explicit HeaderReader(std::string_view text) noexcept : json_(text) {}

  [[nodiscard]] std::expected<Header, WeightError> read() {
    if (!json_.expect('{')) {
      return std::unexpected(malformed(nullptr));
    }
    bool has_metadata = false;
    std::string key;
    for (bool is_first = true; !json_.take('}'); is_first = false) {
      if ((!is_first && !json_.expect(',')) || !json_.string(key) || !json_.expect(':')) {
        return std::unexpected(malformed(nullptr));
      }
      if (key != metadata_key) {
        Entry& entry = header_.entries.emplace_back();
        entry.name = std::move(key);
        if (auto why = read_entry(entry); !why) {
          return std::unexpected(std::move(why.error()));
        }
      } else if (std::exchange(has_metadata, true)) {
        return std::unexpected(error(WeightFault::duplicate, nullptr, "__metadata__ comes twice"));
      } else if (!json_.take_word("null") && !read_metadata()) {
        return std::unexpected(error(WeightFault::malformed, nullptr, "__metadata__: " + json_.mistake()));
      }
    }
    if (!json_.end()) {
      return std::unexpected(malformed(nullptr));
    }
    return std::move(header_);
  }

 private:
  enum Key : unsigned { dtype = 1, shape = 2, data_offsets = 4 };

  [[nodiscard]] WeightError malformed(const std::string* tensor) const {
    return error(json_.overflowed() ? WeightFault::overflow : WeightFault::malformed, tensor,
                 json_.mistake());
  }

  [[nodiscard]] bool read_metadata() {
    if (!json_.expect('{')) {
      return false;
    }
    for (bool is_first = true; !json_.take('}'); is_first = false) {
      auto& [key, value] = header_.metadata.emplace_back();
      if ((!is_first && !json_.expect(',')) || !json_.string(key) || !json_.expect(':') ||
          !json_.string(value)) {
        return false;
      }
    }
    return true;
  }

  [[nodiscard]] std::expected<void, WeightError> read_entry(Entry& entry) {
    if (!json_.expect('{')) {
      return std::unexpected(malformed(&entry.name));
    }
    unsigned seen = 0;
    std::string key;
    for (bool is_first = true; !json_.take('}'); is_first = false) {
      if ((!is_first && !json_.expect(',')) || !json_.string(key) || !json_.expect(':')) {
        return std::unexpected(malformed(&entry.name));
      }
      const unsigned which = key == "dtype"          ? Key::dtype
                             : key == "shape"        ? Key::shape
                             : key == "data_offsets" ? Key::data_offsets
                                                     : 0U;
      if (which == 0) {
        if (!json_.skip_value()) {
          return std::unexpected(malformed(&entry.name));
        }
        continue;
      }
      if ((seen & which) != 0) {
        return std::unexpected(
            error(WeightFault::duplicate, &entry.name, "its key " + quoted(key) + " comes twice"));
      }
      seen |= which;
      auto done = which == Key::dtype   ? read_dtype(entry)
                  : which == Key::shape ? read_shape(entry)
                                        : read_offsets(entry);
      if (!done) {
        return done;
      }
    }
    for (const auto& [which, name] : {std::pair{Key::dtype, "dtype"}, std::pair{Key::shape, "shape"},
                                      std::pair{Key::data_offsets, "data_offsets"}}) {
      if ((seen & which) == 0) {
        return std::unexpected(error(WeightFault::malformed, &entry.name, std::string("it has no ") + name));
      }
    }
    return {};
  }

  [[nodiscard]] std::expected<void, WeightError> read_dtype(Entry& entry) {
    std::string name;
    if (!json_.string(name)) {
      return std::unexpected(malformed(&entry.name));
    }
    const auto row = std::ranges::find(dtype_rows, name, &DtypeRow::name);
    if (row == dtype_rows.end()) {
      return std::unexpected(
          error(WeightFault::unknown_dtype, &entry.name, "its dtype " + quoted(name) + " is not known"));
    }
    entry.dtype = static_cast<Dtype>(row - dtype_rows.begin());
    return {};
  }

  [[nodiscard]] std::expected<void, WeightError> read_shape(Entry& entry) {
    bool good = json_.expect('[');
    for (bool is_first = true; good && !json_.take(']'); is_first = false) {
      std::uint64_t size = 0;
      good = (is_first || json_.expect(',')) && json_.number(size);
      entry.shape.push_back(size);
    }
    if (!good) {
      return std::unexpected(malformed(&entry.name));
    }
    return {};
  }

  [[nodiscard]] std::expected<void, WeightError> read_offsets(Entry& entry) {
    if (!json_.expect('[') || !json_.number(entry.begin) || !json_.expect(',') || !json_.number(entry.end) ||
        !json_.expect(']')) {
      return std::unexpected(malformed(&entry.name));
    }
    return {};
  }

  JsonReader json_;
  Header header_;
};

[[nodiscard]] std::string range_text(const Entry& entry) {
  return "[" + std::to_string(entry.begin) + ", " + std::to_string(entry.end) + ")";
}

[[nodiscard]] std::expected<void, WeightError> check_size(const Entry& entry, std::uint64_t data_size) {
  const auto bytes = bytes_of(entry.dtype, entry.shape);
  if (!bytes) {
    return std::unexpected(size_error(bytes.error(), &entry.name, entry.dtype, entry.shape));
  }
  if (entry.begin > entry.end) {
    return std::unexpected(
        error(WeightFault::malformed, &entry.name, "its data ends before it begins: " + range_text(entry)));
  }
  if (entry.end - entry.begin != *bytes) {
    const std::string type = std::string(name(entry.dtype)) + " " + text_of(entry.shape);
    return std::unexpected(error(WeightFault::wrong_size, &entry.name,
                                 type + " is " + std::to_string(*bytes) + " bytes, but its data_offsets " +
                                     range_text(entry) + " are " + std::to_string(entry.end - entry.begin)));
  }
  if (entry.end > data_size) {
    return std::unexpected(error(WeightFault::out_of_range, &entry.name,
                                 "its data " + range_text(entry) + " goes past the file's, which is " +
                                     std::to_string(data_size) +
                                     " bytes: the file is truncated or the header wrong"));
  }
  return {};
}

// That the tensors cover the data, each byte once.
[[nodiscard]] std::expected<void, WeightError> check_places(const std::vector<Entry>& entries,
                                                            std::uint64_t data_size) {
  std::vector<const Entry*> by_place;
  by_place.reserve(entries.size());
  for (const Entry& entry : entries) {
    if (auto good = check_size(entry, data_size); !good) {
      return good;
    }
    by_place.push_back(&entry);
  }
  std::ranges::sort(by_place, {}, [](const Entry* entry) { return std::pair{entry->begin, entry->end}; });
  const Entry* before = nullptr;
  for (const Entry* entry : by_place) {
    const std::uint64_t end = before == nullptr ? 0 : before->end;
    if (entry->begin < end) {
      return std::unexpected(error(WeightFault::overlap, &entry->name,
                                   "its data " + range_text(*entry) + " overlaps tensor " +
                                       quoted(before->name) + " " + range_text(*before)));
    }
    if (entry->begin > end) {
      return std::unexpected(error(WeightFault::hole, &entry->name,
                                   "before its data " + range_text(*entry) + " lie " +
                                       std::to_string(entry->begin - end) +
                                       " bytes that belong to no tensor"));
    }
    before = entry;
  }
  const std::uint64_t end = before == nullptr ? 0 : before->end;
  if (end != data_size) {
    return std::unexpected(
        error(WeightFault::hole, nullptr,
              "the last " + std::to_string(data_size - end) + " bytes of the file belong to no tensor"));
  }
  return {};
}

}  // namespace

std::expected<Header, WeightError> read_header(std::string_view text, std::uint64_t data_size) {
  if (!is_utf8(text)) {
    return std::unexpected(error(WeightFault::malformed, nullptr, "the header is not UTF-8"));
  }
  if (!text.starts_with('{')) {
    return std::unexpected(error(WeightFault::malformed, nullptr, "the header does not begin with '{'"));
  }
  std::expected<Header, WeightError> header = HeaderReader{text}.read();
  if (!header) {
    return header;
  }
  std::ranges::sort(header->entries, {}, &Entry::name);
  std::ranges::sort(header->metadata);
  const auto twin = std::ranges::adjacent_find(header->entries, {}, &Entry::name);
  if (twin != header->entries.end()) {
    return std::unexpected(error(WeightFault::duplicate, &twin->name, "its name comes twice"));
  }
  const auto same_key =
      std::ranges::adjacent_find(header->metadata, {}, &std::pair<std::string, std::string>::first);
  if (same_key != header->metadata.end()) {
    return std::unexpected(error(WeightFault::duplicate, nullptr,
                                 "__metadata__: the key " + quoted(same_key->first) + " comes twice"));
  }
  if (auto good = check_places(header->entries, data_size); !good) {
    return std::unexpected(std::move(good.error()));
  }
  return header;
}

}  // namespace safetensors

}  // namespace ar::ml

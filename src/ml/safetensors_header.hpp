// The header of a safetensors file: read, and checked against the size of the data that follows it.
//
// The reader takes just the JSON that the format allows (an object of objects of known keys), without
// recursion and without looking past the header's end; what it allocates is bounded by the header's length.
// As in the reference implementation (Rust's crate safetensors), keys of a tensor that the format does not
// know are skipped, whatever their value, and "__metadata__" may be null. Stricter than it: a name or a known
// key that comes twice is refused, and so is an overflow that a dimension of 0 would hide.
#pragma once

#include <arpent/ml/weight_store.hpp>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ar::ml::safetensors {

inline constexpr std::size_t length_size = 8;               // bytes of the header's length
inline constexpr std::size_t largest_header = 100'000'000;  // bytes; the format's own limit
inline constexpr std::string_view metadata_key = "__metadata__";

struct Entry {
  std::string name;
  Dtype dtype = Dtype::u8;
  std::vector<std::size_t> shape;
  std::uint64_t begin = 0;  // bytes from the begin of the data
  std::uint64_t end = 0;
};

struct Header {
  std::vector<Entry> entries;  // sorted by name; together they cover the data, and no two share bytes of it
  std::vector<std::pair<std::string, std::string>> metadata;  // sorted by key
};

// The header from its JSON text, for a file with `data_size` bytes after it. The error's text has no file.
[[nodiscard]] std::expected<Header, WeightError> read_header(std::string_view text, std::uint64_t data_size);

// The bytes of a tensor. WeightFault::overflow if they do not fit into 63 bits: dimensions of size 0 do not
// hide an overflow of the others, in any order. WeightFault::partial_byte if the last byte is not filled.
[[nodiscard]] std::expected<std::size_t, WeightFault> bytes_of(Dtype dtype,
                                                               std::span<const std::size_t> shape) noexcept;
// The error for what bytes_of refuses.
[[nodiscard]] WeightError size_error(WeightFault fault, const std::string* tensor, Dtype dtype,
                                     std::span<const std::size_t> shape);

// "[2, 3]"
[[nodiscard]] std::string text_of(std::span<const std::size_t> shape);
// As a JSON string, with its quotes; also for names in errors, which become one line by it.
[[nodiscard]] std::string quoted(std::string_view text);
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

// An error of a tensor, or of the file when `tensor` is null: `tensor "fc1": its …`.
[[nodiscard]] WeightError error(WeightFault fault, const std::string* tensor, const std::string& what);

}  // namespace ar::ml::safetensors

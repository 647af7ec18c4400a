// A finished profile as it is kept: one Zstandard frame around the bytes that are in use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <vector>

namespace ar::profile {

[[nodiscard]] bool is_compressed(std::span<const std::byte> file);

// The error is a sentence without full stop that begins with a verb, to be put after the file's name.
[[nodiscard]] std::expected<std::vector<std::byte>, std::string> compress(std::span<const std::byte> image);

// More than `most` bytes are an error. The frame need not say how many it holds.
[[nodiscard]] std::expected<std::vector<std::byte>, std::string> decompress(std::span<const std::byte> file,
                                                                            std::uint64_t most);

}  // namespace ar::profile

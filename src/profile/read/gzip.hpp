// Gzip, by zlib.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

namespace ar::profile {

// The same bytes always give the same result: no time and no name are in it.
[[nodiscard]] std::string compressed(std::string_view bytes);

// The error is a clause for the end of a sentence. More than `most` bytes are an error, too.
[[nodiscard]] std::expected<std::string, std::string> decompressed(std::string_view gzip, std::size_t most);

[[nodiscard]] bool is_gzip(std::string_view bytes);

}  // namespace ar::profile

// Mangled names as people write them. The names come from files that others may have made, and a mangled one
// can refer to its own parts: 200 bytes can stand for gigabytes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ar::profile {

// In bytes. A name that would be longer stays mangled, and every longer name is cut. Templates reach some 20
// KiB.
inline constexpr std::size_t longest_name = std::size_t{64} << 10U;
// A longer name stays mangled: reading it takes stack for each byte.
inline constexpr std::size_t longest_mangled_name = std::size_t{32} << 10U;

// C++ names with parameters and template arguments; Rust's of both manglings (_ZN…, _R…) without their hash.
// Names of C, Go and Zig, and all that cannot be read within the bounds, stay as they are, cut to
// longest_name.
[[nodiscard]] std::string demangled(const std::string& linkage_name);

// A name of at most `most` bytes; one that was cut ends with "…".
[[nodiscard]] std::string bounded_name(std::string_view name, std::size_t most = longest_name);

}  // namespace ar::profile

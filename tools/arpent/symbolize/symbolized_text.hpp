// The rewriting that `arpent symbolize` does.
#pragma once

#include <string>
#include <string_view>

#include "profile/symbols/symbols.hpp"

namespace ar::command {

// Replaces each [[PATH|BUILDID|0xOFFSET]] by "function at file:line", or "module+0xoffset" where that cannot
// be told; in that of [[PATH|BUILDID|0xOFFSET|place]] "file:line" alone. Everything else stays byte for byte.
[[nodiscard]] std::string symbolized(std::string_view text, profile::Symbolizer& symbolizer);

}  // namespace ar::command

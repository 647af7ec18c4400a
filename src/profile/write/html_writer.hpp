// The page as one self-contained file: no request leaves it, and it works offline.
#pragma once

#include <span>
#include <string>

namespace ar::profile {

// `data`: results of page_data, one profile, or two (before, after) that the page then compares. With none
// the page asks for a file.
[[nodiscard]] std::string html_page(std::span<const std::string> data);

}  // namespace ar::profile

// The built page (web/built/page.html), compiled in by src/CMakeLists.txt.
#pragma once

#include <string_view>

namespace ar::profile {

[[nodiscard]] std::string_view page_template() noexcept;

}  // namespace ar::profile

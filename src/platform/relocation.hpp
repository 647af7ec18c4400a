// Whether the loader has relocated this module: before that, constants that hold addresses, calls of the C
// library and thread-local storage do not work.
#pragma once

namespace ar::platform {

// Its own address, once that is so.
[[gnu::visibility("hidden")]] extern const volatile void* const volatile relocated_word;

[[nodiscard]] inline bool is_relocated() noexcept { return relocated_word == &relocated_word; }

}  // namespace ar::platform

// Whether the loader has relocated this module: before that, constants that hold addresses, calls of the C
// library and thread-local storage do not work.
#pragma once

#include "platform/shared_field.hpp"

namespace ar::platform {

// Once true, it stays so. Any thread, at any time: uses nothing that must be relocated.
[[gnu::visibility("hidden")]] extern bool known_as_relocated;
[[nodiscard, gnu::cold]] bool look_whether_relocated() noexcept;

[[nodiscard]] inline bool is_relocated() noexcept {
  return load_relaxed(known_as_relocated) || look_whether_relocated();
}

// Called by the library's constructor.
inline void set_relocated() noexcept { store_relaxed(known_as_relocated, true); }

}  // namespace ar::platform

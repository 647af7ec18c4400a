// The file names of the shared libraries that define operator new and delete.
#pragma once

#include <cstring>

namespace ar::platform {

// "libm.so", with nothing or numbers behind it (".6", ".6.0.30"): "libm.so-plugin.so" is the user's.
// Not std::string_view: without optimisation its checks call the C++ runtime.
[[nodiscard]] inline bool has_library_name(const char* path, const char* library) noexcept {
  const char* const slash = std::strrchr(path, '/');
  const char* const name = slash == nullptr ? path : slash + 1;
  const std::size_t length = std::strlen(library);
  return std::strncmp(name, library, length) == 0 &&
         name[length + std::strspn(name + length, ".0123456789")] == '\0';
}

[[nodiscard]] inline bool is_cpp_runtime(const char* path) noexcept {
  return has_library_name(path, "libstdc++.so") || has_library_name(path, "libc++.so") ||
         has_library_name(path, "libc++abi.so");
}

}  // namespace ar::platform

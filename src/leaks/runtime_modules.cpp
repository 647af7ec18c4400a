#include "leaks/runtime_modules.hpp"

#include <sys/auxv.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "track/region/region.hpp"

namespace ar::leaks {

namespace {

constexpr const char* runtime_names[] = {
    "libc.so",      "libm.so",      "libpthread.so",       "libdl.so",
    "librt.so",     "libstdc++.so", "libgcc_s.so",         "libc++.so",
    "libc++abi.so", "libunwind.so", "libc.musl-x86_64.so", "libc.musl-aarch64.so"};

constexpr const char* cpp_runtime_names[] = {"libstdc++.so", "libc++.so", "libc++abi.so"};

constexpr const char* loader_names[] = {"ld-linux-x86-64.so", "ld-linux-aarch64.so"};

// Nothing, or numbers (".6", ".6.0.30"): "libm.so-plugin.so" is the user's.
bool is_version(const char* text) noexcept { return text[std::strspn(text, ".0123456789")] == '\0'; }

template <std::size_t count>
bool has_name(const track::ModuleRecord& module, const char* const (&names)[count]) noexcept {
  if (module.path == 0) {
    return false;
  }
  // Not std::string_view: without optimisation its checks call the C++ runtime.
  const char* const path = track::at<const char>(module.path);
  const char* const slash = std::strrchr(path, '/');
  const char* const name = slash == nullptr ? path : slash + 1;
  for (const char* beginning : names) {
    const std::size_t length = std::strlen(beginning);
    if (std::strncmp(name, beginning, length) == 0 && is_version(name + length)) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool is_loader(const track::ModuleRecord& module) noexcept {
  const std::uintptr_t loader = getauxval(AT_BASE);
  // The kernel gives none if the program is static, or if it was the loader that was executed
  // ("ld-linux-x86-64.so.2 ./program").
  return loader == 0 ? has_name(module, loader_names) : loader >= module.start && loader < module.end;
}

bool is_runtime(const track::ModuleRecord& module) noexcept {
  return is_loader(module) || has_name(module, runtime_names);
}

bool is_cpp_runtime(const track::ModuleRecord& module) noexcept {
  return has_name(module, cpp_runtime_names);
}

}  // namespace ar::leaks

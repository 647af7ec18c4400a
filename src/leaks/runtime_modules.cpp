#include "leaks/runtime_modules.hpp"

#include <sys/auxv.h>

#include <cstring>

#include "track/region/region.hpp"

namespace ar::leaks {

namespace {

constexpr const char* names[] = {
    "libc.so",      "libm.so",      "libpthread.so",       "libdl.so",
    "librt.so",     "libstdc++.so", "libgcc_s.so",         "libc++.so",
    "libc++abi.so", "libunwind.so", "libc.musl-x86_64.so", "libc.musl-aarch64.so"};

// Nothing, or numbers (".6", ".6.0.30"): "libm.so-plugin.so" is the user's.
bool is_version(const char* text) noexcept { return text[std::strspn(text, ".0123456789")] == '\0'; }

}  // namespace

bool is_loader(const track::ModuleRecord& module) noexcept {
  const std::uintptr_t loader = getauxval(AT_BASE);  // 0 in a static program
  return loader != 0 && loader >= module.start && loader < module.end;
}

bool is_runtime(const track::ModuleRecord& module) noexcept {
  if (is_loader(module)) {
    return true;
  }
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

}  // namespace ar::leaks

#include "leaks/runtime_modules.hpp"

#include <cstring>

#include "track/region/region.hpp"

namespace ar::leaks {

namespace {
constexpr const char* names[] = {
    "libc.so",     "ld-linux",  "libm.so",      "libpthread.so", "libdl.so", "librt.so", "libstdc++.so",
    "libgcc_s.so", "libc++.so", "libc++abi.so", "libunwind.so",  "ld-musl",  "libc.musl"};
}  // namespace

bool is_runtime(const track::ModuleRecord& module) noexcept {
  if (module.path == 0) {
    return false;
  }
  // Not std::string_view: without optimisation its checks call the C++ runtime.
  const char* const path = track::at<const char>(module.path);
  const char* const slash = std::strrchr(path, '/');
  const char* const name = slash == nullptr ? path : slash + 1;
  for (const char* beginning : names) {
    if (std::strncmp(name, beginning, std::strlen(beginning)) == 0) {
      return true;
    }
  }
  return false;
}

}  // namespace ar::leaks

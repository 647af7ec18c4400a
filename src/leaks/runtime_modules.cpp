#include "leaks/runtime_modules.hpp"

#include <algorithm>
#include <string_view>

#include "track/region/region.hpp"

namespace ar::track {

namespace {
constexpr std::string_view names[] = {
    "libc.so",     "ld-linux",  "libm.so",      "libpthread.so", "libdl.so", "librt.so", "libstdc++.so",
    "libgcc_s.so", "libc++.so", "libc++abi.so", "libunwind.so",  "ld-musl",  "libc.musl"};
}  // namespace

bool is_runtime(const ModuleRecord& module) noexcept {
  if (module.path == 0) {
    return false;
  }
  std::string_view name = at<const char>(module.path);
  name.remove_prefix(name.rfind('/') + 1);
  return std::ranges::any_of(names, [&](std::string_view of) { return name.starts_with(of); });
}

}  // namespace ar::track

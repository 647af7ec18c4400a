#include "leaks/runtime_modules.hpp"

#include <sys/auxv.h>

#include <cstddef>
#include <cstdint>

#include "platform/runtime_names.hpp"
#include "track/region/region.hpp"

namespace ar::leaks {

namespace {

constexpr const char* runtime_names[] = {
    "libc.so",      "libm.so",      "libpthread.so",       "libdl.so",
    "librt.so",     "libstdc++.so", "libgcc_s.so",         "libc++.so",
    "libc++abi.so", "libunwind.so", "libc.musl-x86_64.so", "libc.musl-aarch64.so"};

constexpr const char* loader_names[] = {"ld-linux-x86-64.so", "ld-linux-aarch64.so"};

template <std::size_t count>
bool has_name(const track::ModuleRecord& module, const char* const (&names)[count]) noexcept {
  if (module.path == 0) {
    return false;
  }
  for (const char* name : names) {
    if (platform::has_library_name(track::at<const char>(module.path), name)) {
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
  return module.path != 0 && platform::is_cpp_runtime(track::at<const char>(module.path));
}

}  // namespace ar::leaks

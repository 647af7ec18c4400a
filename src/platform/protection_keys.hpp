// Memory protection keys (x86-64): what the calling thread may touch, beside what mappings allow. /proc does
// not show them among the mappings, and system calls that read memory do not heed them.
#pragma once

#ifdef __x86_64__
#include <cpuid.h>
#endif

#include <cstdint>

namespace ar::platform {

// While it lives, no key keeps the calling thread from reading.
class OpenKeys {
 public:
#ifdef __x86_64__
  OpenKeys() noexcept : in_use_(are_enabled()) {
    if (in_use_) {
      std::uint32_t upper = 0;
      __asm__ volatile(".byte 0x0f, 0x01, 0xee" : "=a"(before_), "=d"(upper) : "c"(0));  // rdpkru
      write(0);
    }
  }
  ~OpenKeys() {
    if (in_use_) {
      write(before_);
    }
  }
#else
  OpenKeys() noexcept = default;
  ~OpenKeys() = default;
#endif
  OpenKeys(const OpenKeys&) = delete;
  OpenKeys& operator=(const OpenKeys&) = delete;

#ifdef __x86_64__
 private:
  static bool are_enabled() noexcept {
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    constexpr unsigned used_by_system = 1U << 4U;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (c & used_by_system) != 0;
  }
  static void write(std::uint32_t rights) noexcept {
    __asm__ volatile(".byte 0x0f, 0x01, 0xef" : : "a"(rights), "c"(0), "d"(0) : "memory");  // wrpkru
  }

  bool in_use_;
  std::uint32_t before_ = 0;
#endif
};

}  // namespace ar::platform

// How the runtimes of sanitizers are known in an ELF file. Each has a malloc of its own that must be the
// first of the process: no library may be preloaded before it.
#pragma once

#include <cstddef>

namespace ar::platform {

// Arrays, not pointers, which the loader would have to relocate at every start of every tracked program.
struct SanitizerMark {
  char name[20];
  char symbol[21];        // that only the runtime defines
  char libraries[2][21];  // how the names of the runtime's shared library begin, with gcc and with clang
};

// Not inline: as a symbol that programs share, it would be exported from libarpent.a.
constexpr SanitizerMark sanitizer_marks[] = {
    {"AddressSanitizer", "__asan_init", {"libasan.so", "libclang_rt.asan"}},
    {"HWAddressSanitizer", "__hwasan_init", {"libhwasan.so", "libclang_rt.hwasan"}},
    {"ThreadSanitizer", "__tsan_init", {"libtsan.so", "libclang_rt.tsan"}},
    {"MemorySanitizer", "__msan_init", {"libmsan.so", "libclang_rt.msan"}},
    {"LeakSanitizer", "__lsan_init", {"liblsan.so", "libclang_rt.lsan"}},
    {"DataFlowSanitizer", "__dfsan_chain_origin", {"libdfsan.so", "libclang_rt.dfsan"}},
    {"NumericalSanitizer", "__nsan_init", {"libnsan.so", "libclang_rt.nsan"}},
    {"RealtimeSanitizer", "__rtsan_init", {"librtsan.so", "libclang_rt.rtsan"}},
    {"MemProf", "__memprof_init", {"libmemprof.so", "libclang_rt.memprof"}},
};

// gcc links its static runtimes without exporting their own names. A program that exports malloc and refers
// to a function whose name begins so holds one of them.
constexpr char static_sanitizer_reference[] = "__sanitizer_symbolize_";

[[nodiscard]] constexpr bool begins_with(const char* text, const char* start) noexcept {
  for (; *start != '\0'; ++text, ++start) {
    if (*text != *start) {
      return false;
    }
  }
  return true;
}

}  // namespace ar::platform

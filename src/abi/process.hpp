// What the parts of the ABI layer need of each other.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ar::abi {

// Where an annotated allocation comes from.
struct Annotation {
  const char* file;  // may be null
  int line;
  const char* description;  // may be null; interned by content
  std::uintptr_t caller;    // return address of the ar_heap function
};

// The annotated allocations (src/abi/annotated.cpp). Null and ENOMEM on failure. Safe in every mode.
[[nodiscard]] void* allocate_annotated(std::size_t size, std::size_t alignment,
                                       const Annotation& site) noexcept;
[[nodiscard]] void* allocate_zeroed_annotated(std::size_t count, std::size_t size,
                                              const Annotation& site) noexcept;
// As C's realloc, but counts as a new allocation and moves the block to its own site; null and the old
// block alive and tracked when it fails; size 0 frees and returns null.
[[nodiscard]] void* reallocate_annotated(void* pointer, std::size_t size, const Annotation& site) noexcept;
// Any pointer: null does nothing, one that is not ours goes to whoever owns it.
void release_annotated(void* pointer, std::uintptr_t caller) noexcept;

// Memory of the user's (pool, mapping) that should appear in the report. `adopt` is false when it cannot be
// tracked.
bool adopt(void* pointer, std::size_t size, const char* description, std::uintptr_t caller) noexcept;
bool disown(void* pointer) noexcept;

// What was seen of free(NULL): how start.cpp finds out whether the process's `free` is this one.
void note_null_release() noexcept;

// The report of ar_heap (src/abi/report.cpp): called after the last destructor, and by _exit.
void write_exit_report() noexcept;

// Process state as of start (src/abi/start.cpp): environment variables are read once, early.
struct Options {
  const char* report_path;  // AGERUN_MEMORY_REPORT, else ARPENT_REPORT, else "heap_memory_report.log"
  bool forked;              // this process is a forked child of the one that started: PATH.PID
  const char* symbolizer;   // ARPENT_SYMBOLIZER or null
};
[[nodiscard]] const Options& options() noexcept;

}  // namespace ar::abi

// Allocations with a description, or with the file and line that a macro passes.
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

// Null and ENOMEM on failure. Safe in every mode.
[[nodiscard]] void* allocate_annotated(std::size_t size, std::size_t alignment,
                                       const Annotation& site) noexcept;
[[nodiscard]] void* allocate_zeroed_annotated(std::size_t count, std::size_t size,
                                              const Annotation& site) noexcept;
// As C's realloc, but counts as a new allocation and moves the block to its own site; null and the old
// block alive and tracked when it fails; size 0 frees and returns null.
[[nodiscard]] void* reallocate_annotated(void* pointer, std::size_t size, const Annotation& site) noexcept;
// Any pointer: null does nothing, and the owner frees one that is not ours.
void free_annotated(void* pointer, std::uintptr_t caller) noexcept;

}  // namespace ar::abi

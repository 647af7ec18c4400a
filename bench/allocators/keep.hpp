// How every loop here uses a block: it writes its first word and lets the compiler assume that somebody reads
// it, so that no allocation can be dropped. The state of each allocator lies in memory that the compiler
// cannot see through, as it does in programs; the Zig loops do the same.
#pragma once

#include <cstddef>

namespace ar::bench {

// Blocks of one batch, after which a region is reset or a pool's objects are given back.
inline constexpr std::size_t batch = 1024;

inline void use(void* block, std::size_t value) {
  *static_cast<std::size_t*>(block) = value;
  asm volatile("" : : "r"(block) : "memory");
}

// The same object, of which the compiler knows nothing any more.
template <class T>
[[nodiscard]] T* opaque(T* object) {
  asm volatile("" : "+r"(object) : : "memory");
  return object;
}

// The blocks' size by their number: `size`, or where that is 0, 16 to 256 bytes, mostly small.
[[nodiscard]] inline std::size_t size_of(std::size_t size, std::size_t index) {
  return size != 0 ? size
                   : std::size_t{16} << ((index * 0x9e3779b9U >> 8U & 15U) < 10 ? index & 1U : index % 5);
}

}  // namespace ar::bench

// What the workloads allocate through, and where they keep what they have allocated.
#pragma once

#include <benchmark/benchmark.h>
#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

namespace ar::bench {

inline constexpr std::size_t page_size = 4096;

[[noreturn]] inline void give_up(const char* what, std::size_t bytes) {
  std::fprintf(stderr, "bench: %s of %zu bytes failed\n", what, bytes);
  std::_Exit(70);
}

// A block of at least 8 bytes whose first word holds its size. The compiler must assume that the block
// is looked at elsewhere, so it can drop neither the call nor the store.
[[nodiscard]] inline std::uint64_t* allocate(std::size_t size) {
  auto* block = static_cast<std::uint64_t*>(std::malloc(size));
  if (block == nullptr) [[unlikely]] {
    give_up("malloc", size);
  }
  *block = size;
  benchmark::DoNotOptimize(block);
  return block;
}

inline void release(std::uint64_t* block) {
  benchmark::DoNotOptimize(block);
  std::free(block);
}

// Writes one word every `stride` bytes, which makes the pages that it hits resident.
inline void touch(std::uint64_t* block, std::size_t size, std::size_t stride) {
  for (std::size_t at = 0; at + sizeof(std::uint64_t) <= size; at += stride) {
    block[at / sizeof(std::uint64_t)] = at;
  }
  benchmark::DoNotOptimize(block);
}

// An array on pages of its own, resident from the start, so that the harness leaves no trace in the
// heap that is measured and its page faults are not in the figures.
template <typename T>
class MappedArray {
 public:
  explicit MappedArray(std::size_t count) : count_(count) {
    void* memory = mmap(nullptr, count * sizeof(T), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (memory == MAP_FAILED) {
      give_up("mmap", count * sizeof(T));
    }
    items_ = static_cast<T*>(memory);
  }
  ~MappedArray() { munmap(static_cast<void*>(items_), count_ * sizeof(T)); }
  MappedArray(const MappedArray&) = delete;
  MappedArray& operator=(const MappedArray&) = delete;
  MappedArray(MappedArray&&) = delete;
  MappedArray& operator=(MappedArray&&) = delete;

  [[nodiscard]] T& operator[](std::size_t index) noexcept { return items_[index]; }
  [[nodiscard]] std::span<T> items() noexcept { return {items_, count_}; }
  [[nodiscard]] std::size_t size() const noexcept { return count_; }

 private:
  T* items_ = nullptr;
  std::size_t count_;
};

}  // namespace ar::bench

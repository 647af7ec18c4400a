// What the stress programs share. They call the layers below abi directly, so they run under any sanitizer.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "heap/allocate.hpp"
#include "heap/look_up.hpp"
#include "support/pattern.hpp"
#include "support/random.hpp"
#include "support/tracked_heap.hpp"
#include "track/record.hpp"

#define CHECK(condition)                                                             \
  do {                                                                               \
    if (!(condition)) {                                                              \
      std::fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                  \
    }                                                                                \
  } while (false)

namespace ar::test {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define ARPENT_SLOW_SANITIZER
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define ARPENT_SLOW_SANITIZER
#endif
#endif

// Fewer rounds where each takes ten times as long.
#ifdef ARPENT_SLOW_SANITIZER
inline constexpr int effort = 1;
#else
inline constexpr int effort = 4;
#endif

inline constexpr std::uintptr_t first_site = 0x100000;
inline constexpr std::uint32_t free_families = track::family_bit(track::Family::malloc_family);

// malloc and free as the abi layer makes them. `site` tells call sites apart.
inline void* make(std::size_t size, std::uintptr_t site = first_site) {
  const heap::Allocated made = heap::allocate(size);
  CHECK(made.block != nullptr);
  track::record_allocation(made.page, made.block, size, site, track::Family::malloc_family);
  return made.block;
}

inline void give_back(void* block) {
  heap::Page* page = heap::page_of(block);
  CHECK(page != nullptr);
  CHECK(track::record_free(page, block, first_site, free_families).kind == track::FreeKind::ordinary);
  heap::free(page, block);
}

// A block that knows what must be in it.
struct Filled {
  void* block = nullptr;
  std::size_t size = 0;
  std::uint64_t seed = 0;
};

inline Filled make_filled(std::size_t size, std::uint64_t seed, std::uintptr_t site = first_site) {
  const Filled made = {make(size, site), size, seed};
  fill(made.block, size, seed);
  return made;
}

inline void check_and_give_back(const Filled& filled) {
  CHECK(damage(filled.block, filled.size, filled.seed) == 0);
  give_back(filled.block);
}

// Runs work(0) … work(count - 1), each on a thread, and waits for all.
template <typename Work>
void on_threads(unsigned count, Work work) {
  std::vector<std::thread> threads;
  threads.reserve(count);
  for (unsigned i = 0; i < count; ++i) {
    threads.emplace_back(work, i);
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
}

}  // namespace ar::test

// The blocks of soak_O2.cpp: how they are allocated, resized and freed, what must be in them, and how many
// there are.
#pragma once

#include <malloc.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <new>

#include "../../support/pattern.hpp"
#include "../../support/random.hpp"

namespace ar::test {

inline constexpr std::size_t held_per_thread = 400;

enum class Site : std::uint8_t {
  malloc,
  calloc,
  realloc,
  reallocarray,
  posix_memalign,
  aligned_alloc,
  new_object,
  new_array,
  new_aligned,
  at_thread_end,
  in_a_module,
  peak,
  count
};
inline constexpr auto site_count = static_cast<std::size_t>(Site::count);
inline constexpr const char* site_names[site_count] = {
    "malloc",     "calloc",    "realloc",     "reallocarray",      "posix_memalign", "aligned_alloc",
    "new object", "new array", "new aligned", "at a thread's end", "in a module",    "peak"};

struct Counts {
  std::uint64_t allocations, bytes, frees, freed_bytes;
};

struct Block {
  void* start;  // null: none
  std::size_t size;
  std::uint64_t seed;
  Site site;
  bool is_inherited;  // from before a fork: Arpent does not count its end in the child
};

// What a thread does, and its successors after it. Only one of them at a time.
struct Worker {
  pthread_t thread;
  Random random{0};
  Counts counts[site_count];
  std::int64_t live;  // bytes that it allocated less bytes that it freed
  Block held[held_per_thread];
  std::uint64_t operations, threads, refused;
  std::atomic<bool> has_ended;
};

[[noreturn]] inline void fail(const char* what, const Block& block) {
  dprintf(2, "soak: %s: %zu bytes at %p from %s in process %d\n", what, block.size, block.start,
          site_names[static_cast<std::size_t>(block.site)], static_cast<int>(getpid()));
  _exit(9);
}

inline Counts& counts_of(Worker& worker, Site site) { return worker.counts[static_cast<std::size_t>(site)]; }

inline void count_allocation(Worker& worker, const Block& block) {
  Counts& counts = counts_of(worker, block.site);
  ++counts.allocations;
  counts.bytes += block.size;
  worker.live += static_cast<std::int64_t>(block.size);
}

inline void count_free(Worker& worker, const Block& block) {
  if (block.is_inherited) {
    return;
  }
  Counts& counts = counts_of(worker, block.site);
  ++counts.frees;
  counts.freed_bytes += block.size;
  worker.live -= static_cast<std::int64_t>(block.size);
}

inline std::size_t random_size(Random& random) {
  const std::size_t kind = random.below(20000);
  return kind == 0 ? (std::size_t{17} << 20U) + random.below(std::size_t{4} << 20U)  // a mapping of its own
         : kind < 100 ? random.size(21)
         : kind < 300 ? 0
                      : random.size(14);
}

inline void check(const Block& block) {
  if (damage(block.start, block.size, block.seed) != 0) {
    fail("damaged", block);
  }
}

inline Block finish_block(Worker& worker, void* start, std::size_t size, Site site) {
  if (start == nullptr) {
    ++worker.refused;
    return {};
  }
  const Block block = {start, size, worker.random.next(), site, false};
  fill(start, size, block.seed);
  count_allocation(worker, block);
  return block;
}

inline void check_zero(const Block& block) {
  for_each_filled_offset(block.size, [&](std::size_t offset) {
    if (static_cast<const char*>(block.start)[offset] != 0) {
      fail("not zero", block);
    }
  });
}

inline void check_alignment(const Block& block, std::size_t alignment) {
  if (reinterpret_cast<std::uintptr_t>(block.start) % alignment != 0) {
    fail("not aligned", block);
  }
}

// Keeps from the compiler what it may assume about allocated memory: that calloc's is zero, that a pair of
// malloc and free is for nothing.
inline void* opaque(void* pointer) {
  asm volatile("" : "+r"(pointer) : : "memory");
  return pointer;
}

[[gnu::noinline]] inline Block allocate(Worker& worker) {
  Random& random = worker.random;
  const std::size_t size = random_size(random);
  const std::size_t alignment = std::size_t{16} << random.below(9);
  const auto site = static_cast<Site>(random.below(static_cast<std::size_t>(Site::new_aligned) + 1));
  void* start = nullptr;
  switch (site) {
    case Site::calloc:
      start = opaque(std::calloc(size, 1));  // site: calloc
      if (start != nullptr) {
        check_zero({start, size, 0, site, false});
      }
      break;
    case Site::posix_memalign:
      if (posix_memalign(&start, alignment, size) != 0) {  // site: posix_memalign
        start = nullptr;
      }
      check_alignment({start, size, 0, site, false}, alignment);
      break;
    case Site::aligned_alloc:
      start = opaque(aligned_alloc(alignment, size));  // site: aligned_alloc
      check_alignment({start, size, 0, site, false}, alignment);
      break;
    case Site::new_object:
      start = opaque(operator new(size, std::nothrow));  // site: new object
      break;
    case Site::new_array:
      start = opaque(operator new[](size, std::nothrow));  // site: new array
      break;
    case Site::new_aligned:
      start = opaque(operator new(size, std::align_val_t{alignment}, std::nothrow));  // site: new aligned
      check_alignment({start, size, 0, site, false}, alignment);
      break;
    default:
      start = opaque(std::malloc(size));  // site: malloc
      return finish_block(worker, start, size, Site::malloc);
  }
  return finish_block(worker, start, size, site);
}

inline void release(Worker& worker, Block& block) {
  check(block);
  count_free(worker, block);
  switch (block.site) {
    case Site::new_object:
      operator delete(block.start);
      break;
    case Site::new_array:
      operator delete[](block.start);
      break;
    case Site::new_aligned:
      operator delete(block.start, std::align_val_t{16});
      break;
    default:
      std::free(block.start);
      break;
  }
  block.start = nullptr;
}

[[gnu::noinline]] inline void resize(Worker& worker, Block& block) {
  if (block.site == Site::new_object || block.site == Site::new_array || block.site == Site::new_aligned) {
    return;
  }
  const std::size_t size = random_size(worker.random);
  const Block before = block;
  check(before);
  void* start = nullptr;
  const Site site = worker.random.below(4) == 0 ? Site::reallocarray : Site::realloc;
  if (site == Site::reallocarray) {
    start = opaque(reallocarray(before.start, size, 1));  // site: reallocarray
  } else {
    start = opaque(std::realloc(before.start, size));  // site: realloc
  }
  if (start == nullptr && size != 0) {
    ++worker.refused;
    return;
  }
  count_free(worker, before);
  block.start = nullptr;
  if (size != 0) {
    if (damage(start, before.size, before.size < size ? before.size : size, before.seed) != 0) {
      fail("damaged when resized", before);
    }
    block = finish_block(worker, start, size, site);
  }
}

// A step of one thread; what each child does as well.
inline void step(Worker& worker) {
  ++worker.operations;
  Block& block = worker.held[worker.random.below(held_per_thread)];
  if (block.start == nullptr) {
    block = allocate(worker);
    return;
  }
  switch (worker.random.below(4)) {
    case 0:
      resize(worker, block);
      break;
    case 1:
      check(block);
      break;
    default:
      release(worker, block);
      break;
  }
}

}  // namespace ar::test

// The model of heap_fuzz.cpp: the live blocks and the totals, in fixed tables, because Arpent is the
// process's malloc and would count what the model allocates.
#pragma once

#include <malloc.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>

#include "heap/look_up.hpp"
#include "heap/statistics.hpp"
#include "support/pattern.hpp"
#include "track/region/mode.hpp"
#include "track/region/slot.hpp"
#include "track/threads/counters.hpp"

#define CHECK(condition)                                                             \
  do {                                                                               \
    if (!(condition)) {                                                              \
      std::fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                  \
    }                                                                                \
  } while (false)

namespace ar::test {

using heap::AddressKind;
using track::Family;

inline constexpr std::size_t kib = 1024;
inline constexpr std::size_t mib = 1024 * kib;
inline constexpr std::size_t gib = 1024 * mib;
inline constexpr std::size_t most_filled = 64 * mib;  // larger blocks are never touched
inline constexpr std::size_t most_live_bytes = 256 * mib;
inline constexpr std::size_t most_blocks = 192;

struct Block {
  void* start;
  std::size_t size;
  std::uint64_t seed;
  Family family;
};

struct Sums {
  std::uint64_t allocations, allocated_bytes, frees, freed_bytes;
  friend bool operator==(const Sums&, const Sums&) = default;
};

// Of the whole process. No other thread of it allocates meanwhile.
inline Sums sums_of_heap() {
  Sums sums = {};
  for (track::OriginIndex index = 1; index < track::profile()->origin_count; ++index) {
    const track::Counters of = track::totals(index);
    sums.allocations += of.allocations;
    sums.allocated_bytes += of.allocated_bytes;
    sums.frees += of.frees;
    sums.freed_bytes += of.freed_bytes;
  }
  return sums;
}

inline Block blocks[most_blocks];
inline std::size_t block_count;
inline std::size_t live_bytes;
inline Sums expected;
inline std::uint64_t expected_mismatches;
inline std::uint64_t next_seed;
inline void* last_freed;

inline void note_allocation(std::size_t size) {
  ++expected.allocations;
  expected.allocated_bytes += size;
  live_bytes += size <= most_filled ? size : 0;
}
inline void note_free(std::size_t size) {
  ++expected.frees;
  expected.freed_bytes += size;
  live_bytes -= size <= most_filled ? size : 0;
}

inline void check_place(const Block& block) {
  const auto* const start = static_cast<const char*>(block.start);
  CHECK(malloc_usable_size(block.start) >= block.size);
  const heap::BlockInfo info = heap::find(start);
  CHECK(info.kind == AddressKind::live);
  CHECK(info.start == reinterpret_cast<std::uintptr_t>(start));
  CHECK(info.requested_size == block.size);
  CHECK(track::slot_family(info.slot) == block.family);
  if (block.size > 1) {
    for (const char* const inside : {start + 1, start + block.size / 2, start + block.size - 1}) {
      const heap::BlockInfo seen = heap::find(inside);
      CHECK(seen.kind == AddressKind::interior && seen.start == info.start);
    }
  }
  for (std::size_t i = 0; i < block_count; ++i) {
    const auto* const other = static_cast<const char*>(blocks[i].start);
    // A block of no bytes has an address of its own, too.
    const std::size_t size = block.size == 0 ? 1 : block.size;
    const std::size_t other_size = blocks[i].size == 0 ? 1 : blocks[i].size;
    CHECK(start + size <= other || other + other_size <= start);
  }
}

inline void check_content(const Block& block, std::size_t kept) {
  if (block.size <= most_filled) {
    CHECK(damage(block.start, block.size, kept, block.seed) == 0);
  }
}

inline void add(void* start, std::size_t size, Family family) {
  Block& block = blocks[block_count];
  block = {start, size, ++next_seed, family};
  check_place(block);
  if (size <= most_filled) {
    fill(start, size, block.seed);
  }
  ++block_count;
}

inline void remove(std::size_t index) {
  last_freed = blocks[index].start;
  blocks[index] = blocks[--block_count];
}

inline void check_zero(const void* start, std::size_t size) {
  if (size <= most_filled) {
    const auto* const bytes = static_cast<const std::uint8_t*>(start);
    for_each_filled_offset(size, [&](std::size_t offset) { CHECK(bytes[offset] == 0); });
  }
}

// What a call returned that should give `size` bytes.
inline void note_allocated(void* start, std::size_t size, std::size_t alignment, Family family) {
  if (start == nullptr) {
    CHECK(size > most_filled || alignment >= 32 * mib);  // addresses and memory are not without end
    CHECK(errno == ENOMEM);
    return;
  }
  CHECK(size <= PTRDIFF_MAX);
  CHECK(reinterpret_cast<std::uintptr_t>(start) % alignment == 0);
  note_allocation(size);
  add(start, size, family);
}

inline bool is_of_model(std::uintptr_t start) {
  for (std::size_t i = 0; i < block_count; ++i) {
    if (reinterpret_cast<std::uintptr_t>(blocks[i].start) == start) {
      return true;
    }
  }
  return false;
}

inline void check_whole() {
  CHECK(sums_of_heap() == expected);
  CHECK(track::profile()->mismatches == expected_mismatches);
  CHECK(track::profile()->peak_bytes >= track::profile()->live_bytes);
  std::size_t seen = 0;
  heap::for_each_live_block(
      [](const heap::BlockInfo& info, void* context) {
        *static_cast<std::size_t*>(context) += is_of_model(info.start) ? 1 : 0;
        return true;
      },
      &seen);
  CHECK(seen == block_count);
  for (std::size_t i = 0; i < block_count; ++i) {
    check_content(blocks[i], blocks[i].size);
  }
  CHECK(heap::statistics().used >= live_bytes);
}

}  // namespace ar::test

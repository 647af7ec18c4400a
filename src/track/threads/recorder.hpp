// What one thread notes of its own allocations. Written by that thread alone, except where stated.
#pragma once

#include <cstddef>
#include <cstdint>

#include "track/region/profile_layout.hpp"
#include "track/region/slot.hpp"

namespace ar::unwind {
class StackMemory;
}

namespace ar::track {

// Remembers a call site's origin. Cleared by whoever unloads a module (any thread): then `key` is 0.
struct SiteCacheEntry {
  std::uint64_t key;   // return address, family in the top byte
  Counters* counters;  // this thread's for the origin
  std::uint64_t tag;   // low half of the slot, see slot.hpp
};

// Remembers an annotated site. The texts are compared by content each time: the caller may have changed them.
struct AnnotationCacheEntry {
  const char* file;
  const char* description;
  const char* interned_file;
  const char* interned_description;
  std::uintptr_t caller;
  Counters* counters;
  std::uint32_t tag;
  int line;
  NodeIndex stack;
  OriginIndex owner;
};

inline constexpr unsigned site_cache_bits = 8;
inline constexpr unsigned annotation_cache_bits = 6;

struct Recorder {
  void* last_block;  // latest allocation of this thread, if it has not been freed yet
  // Bytes allocated less bytes freed by this thread; may be negative. The global live total has seen
  // `flushed` of it; leaving [window_start, window_start + window_size] calls for a flush (peak.hpp).
  std::int64_t balance;
  std::int64_t window_start;
  std::uint64_t window_size;
  ThreadRecord* record;
  ThreadRecord* blank;  // while idle: one that the next thread takes over; or null
  std::int64_t flushed;
  std::uint64_t untold_bytes;         // allocated since the clock of bytes (samples.hpp) was last told
  Recorder* next;                     // all recorders ever made
  Recorder* next_idle;                // those that are not in use
  unwind::StackMemory* stack_memory;  // in stacks mode; null: no memory
  bool in_use;
  bool is_idle;   // in the list of those
  bool flushing;  // its thread is in flush_balance
  SiteCacheEntry sites[1U << site_cache_bits];
  AnnotationCacheEntry annotations[1U << annotation_cache_bits];
};

// All recorders ever made, in use or not, linked by `next`. The region's lock guards the list.
[[nodiscard]] Recorder* first_recorder() noexcept;
void list_recorder(Recorder& recorder) noexcept;

}  // namespace ar::track

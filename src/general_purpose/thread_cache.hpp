// What a thread keeps of an instance, so that most allocations and releases need no lock: some blocks of each
// size.
//
// Caches belong to the instance. A thread remembers the last few that it used; when it ends, they are for
// others.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "general_purpose/page.hpp"
#include "general_purpose/state.hpp"

namespace ar::general_purpose {

// Blocks of a size that a magazine holds: 8 KiB of them, though at least 2 and at most 64.
[[nodiscard]] constexpr std::uint32_t magazine_capacity(unsigned index) noexcept {
  const std::size_t count = (std::size_t{8} << 10U) / heap::class_size(index);
  return count < 2 ? 2 : count > 64 ? 64 : static_cast<std::uint32_t>(count);
}

// Where in ThreadCache::room the magazine of each class begins; the last entry is the whole size.
inline constexpr std::array<std::uint16_t, class_count + 1> magazine_starts = [] {
  std::array<std::uint16_t, class_count + 1> starts{};
  std::uint32_t next = 0;
  for (unsigned index = 1; index < class_count; ++index) {
    starts[index] = static_cast<std::uint16_t>(next);
    next += magazine_capacity(index);
  }
  starts[class_count] = static_cast<std::uint16_t>(next);
  return starts;
}();

// Blocks of each class. Taken and put at the top.
struct Magazines {
  std::uint32_t counts[class_count];
  void* room[magazine_starts[class_count]];

  [[nodiscard]] void** blocks(unsigned index) noexcept { return room + magazine_starts[index]; }
};

struct ThreadCache {
  ThreadCache* next;     // of the instance
  std::uint64_t thread;  // whose it is; 0: nobody's
  Magazines ready;       // to be handed out
  Magazines released;  // with safety only: released blocks, which wait here before they are handed out again
};

struct RememberedCache {
  std::uint64_t instance;  // 0: none
  ThreadCache* cache;
};

inline constexpr std::size_t remembered_caches = 3;
extern constinit thread_local RememberedCache remembered[remembered_caches]
    __attribute__((tls_model("initial-exec")));

// Null when there is no memory.
[[nodiscard]] ThreadCache* attach_cache(State& state) noexcept;

[[nodiscard, gnu::always_inline]] inline ThreadCache* cache_of(State& state) noexcept {
  if (!state.settings.thread_safe) {
    return state.sole_cache != nullptr ? state.sole_cache : attach_cache(state);
  }
  const RememberedCache& last = remembered[state.id % remembered_caches];
  return last.instance == state.id ? last.cache : attach_cache(state);
}

void release_caches(State& state) noexcept;

// The list of instances, for the ends of threads and for fork.
void enter_instance(State& state) noexcept;
void remove_instance(State& state) noexcept;

// The first instance in the list that `is_it` says yes of. Null also while the list is being changed: waits
// for nobody.
[[nodiscard]] State* find_instance(bool (*is_it)(State& state, void* context), void* context) noexcept;

}  // namespace ar::general_purpose

// Sizes and lifetimes of blocks by origin, estimated from a sample of the allocations in stacks mode.
//
// Of each thread's allocations at an origin the second to the fourth and then one in 64 are in the sample. A
// sampled block's size goes into its origin's histogram at once; its birth is kept in a table until it is
// freed. Birth and death are told by a clock of bytes: what the process has allocated so far.
//
// The table is bounded. When it is full, every other block by a hash of its address leaves it, now and from
// then on, and those that stay count twice as much: which blocks stay does not depend on how long they live.
#pragma once

#include <cstddef>
#include <cstdint>

#include "platform/hash.hpp"
#include "platform/lock.hpp"
#include "platform/shared_field.hpp"
#include "track/region/slot.hpp"
#include "track/threads/recorder.hpp"

namespace ar::track {

inline constexpr std::uint64_t first_in_sample = 3;  // allocations, without the very first
inline constexpr unsigned sample_bits = 6;           // one in 64

// `before`: how many the thread has made at the origin already. Multiples of the golden ratio fall evenly,
// and with no period that a program could share.
[[gnu::always_inline, nodiscard]] inline bool is_in_sample(std::uint64_t before) noexcept {
  constexpr std::uint64_t half = std::uint64_t{1} << 63U;  // so that the first is not in it
  return before - 1 < first_in_sample || (platform::spread(before) + half) >> (64U - sample_bits) == 0;
}
// How many allocations the one stands for.
[[nodiscard]] constexpr std::uint32_t sample_weight(std::uint64_t before) noexcept {
  return before - 1 < first_in_sample ? 1 : 1U << sample_bits;
}

// A sampled block is there. `tag`: its slot's, which is returned with the mark of a sampled block where its
// end is wanted.
[[nodiscard]] std::uint32_t begin_sample(Recorder& recorder, const void* block, std::size_t size,
                                         std::uint32_t tag, std::uint32_t weight) noexcept;
// A block with that mark is freed.
void end_sample(Recorder& recorder, const void* block, std::uint64_t slot) noexcept;

// Bytes that were allocated while recording stacks.
[[gnu::always_inline]] inline void advance_clock(Recorder& recorder, std::size_t size) noexcept {
  platform::store_relaxed(recorder.untold_bytes, platform::load_relaxed(recorder.untold_bytes) + size);
}

[[nodiscard]] platform::Lock& samples_lock() noexcept;  // for fork
void clear_samples() noexcept;                          // in the child, which begins with none

}  // namespace ar::track

#include "track/stamp.hpp"

#include "platform/clock.hpp"
#include "track/region/mode.hpp"

namespace ar::track {

namespace {

// 38 bits of sequence (275 thousand million), 26 of seconds since the process's start (2 years).
constexpr unsigned seconds_bits = 26;
constexpr std::uint64_t seconds_mask = (std::uint64_t{1} << seconds_bits) - 1;

std::uint64_t next_sequence = 1;

}  // namespace

std::uint64_t new_stamp() noexcept {
  const std::uint64_t sequence = __atomic_fetch_add(&next_sequence, 1, __ATOMIC_RELAXED);
  const auto since_start = static_cast<std::uint64_t>(platform::wall_clock_seconds() - profile()->start_time);
  return sequence << seconds_bits | (since_start & seconds_mask);
}

Stamp read_stamp(std::uint64_t word) noexcept {
  const Header* from = profile();
  return {word >> seconds_bits,
          (from == nullptr ? 0 : from->start_time) + static_cast<std::int64_t>(word & seconds_mask)};
}

}  // namespace ar::track

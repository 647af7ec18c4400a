// The tracker: who owns which block. Fast-path functions are in track/record.hpp; this is what the
// reports and the ABI need.
#pragma once

#include <cstddef>
#include <cstdint>

#include "track/region/profile_layout.hpp"
#include "track/slot.hpp"

namespace ar::track {

enum class Mode : std::uint32_t { off = 0, sites = 1, stacks = 2 };

// Off until start() has read ARPENT_MODE. Never changes back to another mode afterwards.
[[nodiscard]] Mode mode() noexcept;

// The profile's header; null in `off` mode or when no memory for it was to be had.
[[nodiscard]] Header* profile() noexcept;
[[nodiscard]] OriginRecord* origin(OriginIndex index) noexcept;  // null when out of range
[[nodiscard]] const char* text(Offset offset) noexcept;          // "" for 0

// Sums one origin's counters over all threads. Lock-free.
[[nodiscard]] Counters totals(OriginIndex index) noexcept;

// An annotated block's sequence number (1, 2, … process-wide) and time (seconds since 1970) from its annex.
struct Stamp {
  std::uint64_t sequence;
  std::int64_t seconds;
};
[[nodiscard]] Stamp stamp(std::uint64_t annex) noexcept;

// True for blocks that this process itself allocated (not inherited by fork).
[[nodiscard]] bool is_own(OriginIndex index) noexcept;

// The module that holds the address now: its index + 1 in the profile's list, registering it at need; 0 when
// none. Never waits: while another thread (or an interrupted one) enters something, only modules known
// already are found.
[[nodiscard]] std::uint32_t module_of(std::uintptr_t address) noexcept;
[[nodiscard]] const ModuleRecord* module(std::uint32_t index_plus_1) noexcept;

// Finds lost blocks: stops the other threads, marks from the roots, fills the leak fields of the origins
// and of the header (profile_layout.hpp), resumes the threads. Allocates nothing from the heap.
void scan_for_leaks() noexcept;

}  // namespace ar::track

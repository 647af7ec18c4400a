// Spans: runs of slices in segments, for pages. Shared by all threads; best fit, neighbours merged.
//
// Memory of freed spans stays with the process for a short while, then goes back to the system: at once
// what exceeds a bound, the rest when it has lain idle (looked at whenever a span is taken or freed). A
// segment that is all free then gives back its addresses too, for those who run under a limit on them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "heap/page.hpp"
#include "platform/lock.hpp"

namespace ar::heap {

// A span of `count` slices whose first one is at a multiple of `alignment` bytes (at least slice_size, at
// most segment_size). The page's start, slice_count and `fresh` are set, all else is for the caller. Null
// when there is no memory.
[[nodiscard]] Page* take_span(std::size_t count, std::size_t alignment) noexcept;

// Never waits for a lock: what cannot be taken in now is left for the next caller.
void free_span(Page* page) noexcept;

// Lets a span shrink to `count` slices, or grow into its free neighbour. False when that is not free.
[[nodiscard]] bool resize_span(Page* page, std::size_t count) noexcept;

// Gives all free spans' memory back now. True when anything was given back.
bool purge_spans() noexcept;

// For a program that is about to lock its memory: segments shall end with what has been used of them.
void cut_back_segments() noexcept;

// Unmaps the segments that are all free, so that their addresses can be had for something else.
void release_free_segments() noexcept;

// Newest first. Descriptors are never unlinked; slice_count and mapped_size are 0 while one has no memory.
[[nodiscard]] Segment* first_segment() noexcept;

struct SpanStatistics {
  std::size_t mapped;        // bytes of address space
  std::size_t free_touched;  // bytes in free spans that the process still holds
};
[[nodiscard]] SpanStatistics span_statistics() noexcept;

platform::Lock& spans_lock() noexcept;  // for fork

}  // namespace ar::heap

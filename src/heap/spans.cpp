#include "heap/spans.hpp"

#include <atomic>
#include <bit>

#include "heap/deferred_pages.hpp"
#include "heap/metadata.hpp"
#include "heap/segment_map.hpp"
#include "platform/assert.hpp"
#include "platform/clock.hpp"
#include "platform/pages.hpp"
#include "platform/shared_field.hpp"

namespace ar::heap {

using platform::publish;
using platform::store_relaxed;

namespace {

constexpr std::int64_t idle_before_purge = 250;   // milliseconds
constexpr std::int64_t purge_look_interval = 50;  // milliseconds
// Free memory beyond this and as much as is in use goes back to the system at once.
constexpr std::size_t always_kept_slices = (std::size_t{256} << 20U) / slice_size;

platform::Lock lock;
std::atomic<Segment*> segments{nullptr};
Segment* unmapped_segments = nullptr;  // descriptors without memory, linked through pages[0].next
constinit DeferredPages deferred;
Page* bins[slices_per_segment + 1];  // free spans by length
Page* idle_first = nullptr;          // those that hold memory, in the order they were freed
Page* idle_last = nullptr;
std::uint64_t bin_map[slices_per_segment / 64 + 1];
std::size_t mapped_bytes = 0;
std::size_t used_slices = 0;
std::size_t free_touched_slices = 0;
std::int64_t next_purge_look = 0;
std::int64_t coarse_now = 0;  // read anew every so many calls: the clock costs as much as the rest
unsigned calls_until_clock = 0;
constexpr unsigned calls_between_clocks = 16;

std::size_t index_in(const Segment* segment, const Page* page) noexcept {
  return static_cast<std::size_t>(page - segment->pages);
}

// For assertions: the segment's spans follow each other without gaps, and a look-up from their first and last
// slices leads to them.
[[maybe_unused]] bool has_consistent_spans(const Segment* segment) noexcept {
  for (std::size_t slice = 0; slice < segment->slice_count;) {
    const Page& page = segment->pages[slice];
    const std::size_t next = slice + page.slice_count;
    if (page.slice_count == 0 || next > segment->slice_count || page.segment != segment ||
        segment->head[slice] != slice || segment->head[next - 1] != slice) {
      return false;
    }
    slice = next;
  }
  return true;
}

bool is_touched(const Segment* segment, std::size_t slice) noexcept {
  return (segment->touched[slice / 64] >> (slice % 64) & 1U) != 0;
}

void set_touched(Segment* segment, std::size_t slice, bool value) noexcept {
  const std::uint64_t bit = std::uint64_t{1} << (slice % 64);
  segment->touched[slice / 64] =
      value ? segment->touched[slice / 64] | bit : segment->touched[slice / 64] & ~bit;
}

std::size_t count_touched(const Segment* segment, std::size_t first, std::size_t count) noexcept {
  std::size_t touched = 0;
  for (std::size_t slice = first; slice < first + count;) {
    const std::size_t in_word = slice % 64;
    const std::size_t bits = first + count - slice < 64 - in_word ? first + count - slice : 64 - in_word;
    const std::uint64_t mask = (bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1) << in_word;
    touched += static_cast<std::size_t>(std::popcount(segment->touched[slice / 64] & mask));
    slice += bits;
  }
  return touched;
}

void link_idle(Page* page) noexcept {
  page->idle_next = nullptr;
  page->idle_previous = idle_last;
  (idle_last != nullptr ? idle_last->idle_next : idle_first) = page;
  idle_last = page;
}

bool is_idle_linked(const Page* page) noexcept {
  return page->idle_previous != nullptr || idle_first == page;
}

void unlink_idle(Page* page) noexcept {
  if (!is_idle_linked(page)) {
    return;
  }
  (page->idle_previous != nullptr ? page->idle_previous->idle_next : idle_first) = page->idle_next;
  (page->idle_next != nullptr ? page->idle_next->idle_previous : idle_last) = page->idle_previous;
  page->idle_previous = nullptr;
}

void link_free(Segment* segment, std::size_t first, std::size_t count, std::int64_t freed_at) noexcept {
  Page* page = &segment->pages[first];
  page->segment = segment;
  page->state.store(PageState::free_span, std::memory_order_release);
  store_relaxed(page->slice_count, static_cast<std::uint32_t>(count));
  page->freed_at = freed_at;
  store_relaxed(segment->head[first], static_cast<std::uint16_t>(first));
  store_relaxed(segment->head[first + count - 1], static_cast<std::uint16_t>(first));
  page->previous = nullptr;
  page->next = bins[count];
  if (page->next != nullptr) {
    page->next->previous = page;
  }
  bins[count] = page;
  bin_map[count / 64] |= std::uint64_t{1} << (count % 64);
  page->idle_previous = nullptr;
  if (count_touched(segment, first, count) != 0) {
    link_idle(page);
  }
}

void unlink_free(Page* page) noexcept {
  const std::size_t count = page->slice_count;
  if (page->previous != nullptr) {
    page->previous->next = page->next;
  } else {
    bins[count] = page->next;
    if (page->next == nullptr) {
      bin_map[count / 64] &= ~(std::uint64_t{1} << (count % 64));
    }
  }
  if (page->next != nullptr) {
    page->next->previous = page->previous;
  }
  unlink_idle(page);
}

// The shortest non-empty bin of at least `count` slices; 0 when there is none.
std::size_t next_bin(std::size_t count) noexcept {
  std::size_t word = count / 64;
  std::uint64_t bits = bin_map[word] & (~std::uint64_t{0} << (count % 64));
  while (bits == 0) {
    if (++word >= sizeof bin_map / sizeof bin_map[0]) {
      return 0;
    }
    bits = bin_map[word];
  }
  return word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
}

// Descriptors stay for ever, in the list of segments, so that a look-up without locks may follow a stale
// pointer to one.
Segment* take_descriptor() noexcept {
  if (Segment* segment = unmapped_segments; segment != nullptr) {
    const Page* next = segment->pages[0].next;
    unmapped_segments = next == nullptr ? nullptr : next->segment;
    return segment;
  }
  auto* segment = static_cast<Segment*>(allocate_metadata(sizeof(Segment)));
  if (segment != nullptr) {
    segment->pages[0].segment = segment;
    segment->next = segments.load(std::memory_order_relaxed);
    segments.store(segment, std::memory_order_release);
  }
  return segment;
}

void give_back_descriptor(Segment* segment) noexcept {
  segment->pages[0].next = unmapped_segments == nullptr ? nullptr : &unmapped_segments->pages[0];
  unmapped_segments = segment;
}

bool is_whole_segment(const Page* span) noexcept { return span->slice_count == span->segment->slice_count; }

// Gives the addresses of a segment back that holds nothing but this free span.
void unmap_segment(Page* span) noexcept {
  Segment* segment = span->segment;
  const std::size_t size = segment->mapped_size;
  unlink_free(span);
  free_touched_slices -= count_touched(segment, 0, segment->slice_count);
  for (std::uint64_t& touched : segment->touched) {
    touched = 0;
  }
  set_segment(segment->base, size, nullptr);
  store_relaxed(segment->slice_count, 0);
  publish(segment->mapped_size, 0);
  platform::unmap_pages(reinterpret_cast<void*>(segment->base), size);
  mapped_bytes -= size;
  give_back_descriptor(segment);
}

// Whether there are addresses for the metadata of a segment's blocks, unless these are very small.
bool is_room_beside(std::size_t size) noexcept {
  if (platform::page_locks() != platform::PageLocks::none) {
    return true;  // to map them would bring them into memory
  }
  const std::size_t metadata = size / 4;
  void* const probe = platform::map_pages(metadata);
  if (probe == nullptr) {
    return false;
  }
  platform::unmap_pages(probe, metadata);
  return true;
}

// A segment's memory, of `size` bytes afterwards; as large as possible and at least `least` bytes.
void* map_some_segment(std::size_t& size, std::size_t least) noexcept {
  size = segment_size;
  for (std::size_t smaller = segment_size / 8; size > least; size = smaller, smaller /= 2) {
    void* const memory = map_segment(size, segment_size);
    if (memory != nullptr && is_room_beside(size)) {
      return memory;
    }
    if (memory != nullptr) {
      platform::unmap_pages(memory, size);
    }
  }
  size = least;
  return map_segment(size, segment_size);
}

// How many slices to add where `count` are needed and there are `most`, if what is added is in memory at
// once.
std::size_t slices_at_once(std::size_t count, std::size_t most) noexcept {
  constexpr std::size_t usual = 4;
  const std::size_t more = count < usual ? usual : count;
  return more < most ? more : most;
}

// Maps a segment that has room for `count` slices; where memory is limited, one no larger than that.
bool add_segment(std::size_t count) noexcept {
  Segment* segment = take_descriptor();
  if (segment == nullptr) {
    return false;
  }
  std::size_t size = 0;
  void* const memory = map_some_segment(size, count * slice_size);
  if (memory == nullptr || reinterpret_cast<std::uintptr_t>(memory) >> address_bits != 0) {
    if (memory != nullptr) {
      platform::unmap_pages(memory, size);
    }
    give_back_descriptor(segment);
    return false;
  }
  std::size_t slices = size / slice_size;
  if (platform::page_locks() != platform::PageLocks::none) {
    slices = slices_at_once(count, slices);
    if (!platform::lock_like_programs(memory, slices * slice_size)) {
      platform::unmap_pages(memory, size);
      give_back_descriptor(segment);
      return false;
    }
  }
  publish(segment->base, reinterpret_cast<std::uintptr_t>(memory));
  publish(segment->mapped_size, size);
  store_relaxed(segment->slice_count, static_cast<std::uint32_t>(slices));
  link_free(segment, 0, segment->slice_count, 0);
  mapped_bytes += size;
  set_segment(segment->base, size, segment);
  return true;
}

std::int64_t now_and_then() noexcept {
  if (calls_until_clock == 0) {
    calls_until_clock = calls_between_clocks;
    coarse_now = platform::monotonic_milliseconds();
  }
  --calls_until_clock;
  return coarse_now;
}

// Where in a free span an aligned part of `count` slices begins, as a slice index; or past the span.
std::size_t aligned_place(const Segment* segment, const Page* span, std::size_t alignment) noexcept {
  const std::uintptr_t address = segment->base + index_in(segment, span) * slice_size;
  return (platform::round_up(address, alignment) - segment->base) / slice_size;
}

Page* find_span(std::size_t count, std::size_t alignment) noexcept {
  for (std::size_t bin = next_bin(count); bin != 0; bin = bin < slices_per_segment ? next_bin(bin + 1) : 0) {
    for (Page* span = bins[bin]; span != nullptr; span = span->next) {
      const Segment* segment = span->segment;
      if (aligned_place(segment, span, alignment) + count <= index_in(segment, span) + span->slice_count) {
        return span;
      }
    }
  }
  return nullptr;
}

void put_back(Segment* segment, std::size_t first, std::size_t count, std::int64_t now) noexcept {
  if (first > 0) {
    Page* before = &segment->pages[segment->head[first - 1]];
    if (before->state.load(std::memory_order_relaxed) == PageState::free_span) {
      unlink_free(before);
      count += before->slice_count;
      first = index_in(segment, before);
    }
  }
  if (first + count < segment->slice_count) {
    Page* after = &segment->pages[first + count];
    if (after->state.load(std::memory_order_relaxed) == PageState::free_span) {
      unlink_free(after);
      count += after->slice_count;
    }
  }
  link_free(segment, first, count, now);
}

std::size_t spare_slices(const Segment* segment) noexcept {
  return segment->slice_count == 0 ? 0 : segment->mapped_size / slice_size - segment->slice_count;
}

// Adds slices to a segment that has room for `count` behind its last one.
bool extend_segment(std::size_t count) noexcept {
  for (Segment* segment = segments.load(std::memory_order_relaxed); segment != nullptr;
       segment = segment->next) {
    const std::size_t spare = spare_slices(segment);
    if (spare >= count && spare != 0) {
      const std::size_t first = segment->slice_count;
      const std::size_t more = slices_at_once(count, spare);
      if (!platform::lock_like_programs(reinterpret_cast<void*>(segment->base + first * slice_size),
                                        more * slice_size)) {
        return false;
      }
      put_back(segment, first, more, 0);
      store_relaxed(segment->slice_count, static_cast<std::uint32_t>(first + more));
      return true;
    }
  }
  return false;
}

void purge_span(Page* span) noexcept {
  Segment* segment = span->segment;
  const std::size_t first = index_in(segment, span);
  const std::size_t end = first + span->slice_count;
  for (std::size_t slice = first; slice < end;) {
    if (!is_touched(segment, slice)) {
      ++slice;
      continue;
    }
    std::size_t run_end = slice;
    while (run_end < end && is_touched(segment, run_end)) {
      ++run_end;
    }
    const bool purged = platform::purge_pages(reinterpret_cast<void*>(segment->base + slice * slice_size),
                                              (run_end - slice) * slice_size);
    for (; slice < run_end; ++slice) {
      if (purged) {
        set_touched(segment, slice, false);
        --free_touched_slices;
      }
    }
  }
}

// Gives back what has been idle since before `idle_since`, and more while more than `keep` slices are held.
void purge_some(std::int64_t idle_since, std::size_t keep) noexcept {
  while (idle_first != nullptr && (idle_first->freed_at <= idle_since || free_touched_slices > keep)) {
    Page* span = idle_first;
    if (is_whole_segment(span)) {
      unmap_segment(span);
    } else {
      unlink_idle(span);
      purge_span(span);
    }
  }
}

// Segments that lie free but were never used, or were purged before they became whole.
void unmap_free_segments() noexcept {
  for (Segment* segment = segments.load(std::memory_order_relaxed); segment != nullptr;
       segment = segment->next) {
    Page* first = &segment->pages[0];
    if (segment->slice_count != 0 && first->state.load(std::memory_order_relaxed) == PageState::free_span &&
        is_whole_segment(first)) {
      unmap_segment(first);
    }
  }
}

void accept_freed(Page* page, std::int64_t now) noexcept {
  Segment* segment = page->segment;
  page->state.store(PageState::free_span, std::memory_order_release);  // even when merged into the one before
  used_slices -= page->slice_count;
  free_touched_slices += page->slice_count;
  put_back(segment, index_in(segment, page), page->slice_count, now);
  ARPENT_ASSERT_EXPENSIVE(has_consistent_spans(segment) && is_mapped(segment));
}

void accept_deferred(std::int64_t now) noexcept {
  deferred.take_all([now](Page* page) { accept_freed(page, now); });
}

void look_for_idle(std::int64_t now) noexcept {
  const std::size_t keep = always_kept_slices + used_slices;
  if (free_touched_slices > keep) {
    purge_some(-1, keep - keep / 8);
  }
  if (now >= next_purge_look) {
    next_purge_look = now + purge_look_interval;
    purge_some(now - idle_before_purge, slices_per_segment * segment_places);
  }
}

Page* claim(Page* span, std::size_t count, std::size_t alignment) noexcept {
  Segment* segment = span->segment;
  const std::size_t span_first = index_in(segment, span);
  const std::size_t span_end = span_first + span->slice_count;
  const std::size_t first = aligned_place(segment, span, alignment);
  const std::int64_t freed_at = span->freed_at;
  unlink_free(span);
  if (first > span_first) {
    link_free(segment, span_first, first - span_first, freed_at);
  }
  if (first + count < span_end) {
    link_free(segment, first + count, span_end - first - count, freed_at);
  }
  Page* page = &segment->pages[first];
  store_relaxed(page->slice_count, static_cast<std::uint32_t>(count));
  page->segment = segment;
  page->state.store(PageState::taken, std::memory_order_release);
  publish(page->start, segment->base + first * slice_size);
  const std::size_t touched = count_touched(segment, first, count);
  page->fresh = touched == 0;
  free_touched_slices -= touched;
  for (std::size_t slice = first; slice < first + count; ++slice) {
    store_relaxed(segment->head[slice], static_cast<std::uint16_t>(first));
    set_touched(segment, slice, true);
  }
  used_slices += count;
  ARPENT_ASSERT_EXPENSIVE(has_consistent_spans(segment));
  return page;
}

}  // namespace

Page* take_span(std::size_t count, std::size_t alignment) noexcept {
  const platform::LockGuard guard(lock);
  const std::int64_t now = now_and_then();
  accept_deferred(now);
  Page* span = find_span(count, alignment);
  if (span == nullptr) {
    const std::size_t with_slack = alignment >= segment_size ? count : count + alignment / slice_size - 1;
    const bool is_extended = alignment < segment_size && extend_segment(with_slack);
    if (!is_extended && !add_segment(with_slack < slices_per_segment ? with_slack : slices_per_segment)) {
      return nullptr;
    }
    span = find_span(count, alignment);
    if (span == nullptr) {
      return nullptr;
    }
  }
  Page* page = claim(span, count, alignment);
  look_for_idle(now);
  return page;
}

void free_span(Page* page) noexcept {
  page->state.store(PageState::taken, std::memory_order_release);
  if (!lock.try_lock()) {
    deferred.push(page);
    return;
  }
  const std::int64_t now = now_and_then();
  accept_deferred(now);
  accept_freed(page, now);
  look_for_idle(now);
  lock.unlock();
}

bool resize_span(Page* page, std::size_t count) noexcept {
  const platform::LockGuard guard(lock);
  Segment* segment = page->segment;
  const std::size_t first = index_in(segment, page);
  const std::size_t old_count = page->slice_count;
  if (count < old_count) {
    store_relaxed(page->slice_count, static_cast<std::uint32_t>(count));
    used_slices -= old_count - count;
    free_touched_slices += old_count - count;
    put_back(segment, first + count, old_count - count, now_and_then());
    return true;
  }
  const std::size_t more = count - old_count;
  const std::size_t end = first + old_count;
  if (end + more > segment->slice_count) {
    return false;
  }
  Page* after = &segment->pages[end];
  if (after->state.load(std::memory_order_relaxed) != PageState::free_span || after->slice_count < more) {
    return false;
  }
  const std::size_t after_count = after->slice_count;
  const std::int64_t freed_at = after->freed_at;
  unlink_free(after);
  if (after_count > more) {
    link_free(segment, end + more, after_count - more, freed_at);
  }
  free_touched_slices -= count_touched(segment, end, more);
  for (std::size_t slice = end; slice < end + more; ++slice) {
    store_relaxed(segment->head[slice], static_cast<std::uint16_t>(first));
    set_touched(segment, slice, true);
  }
  used_slices += more;
  store_relaxed(page->slice_count, static_cast<std::uint32_t>(count));
  return true;
}

bool purge_spans() noexcept {
  const platform::LockGuard guard(lock);
  accept_deferred(0);
  const std::size_t before = free_touched_slices;
  purge_some(-1, 0);
  unmap_free_segments();
  return free_touched_slices < before;
}

void cut_back_segments() noexcept {
  const platform::LockGuard guard(lock);
  accept_deferred(0);
  purge_some(-1, 0);
  unmap_free_segments();
  for (Segment* segment = segments.load(std::memory_order_relaxed); segment != nullptr;
       segment = segment->next) {
    if (segment->slice_count == 0) {
      continue;
    }
    const std::size_t first = segment->head[segment->slice_count - 1];
    Page* last = &segment->pages[first];
    if (last->state.load(std::memory_order_relaxed) == PageState::free_span &&
        count_touched(segment, first, last->slice_count) == 0) {
      unlink_free(last);
      store_relaxed(segment->slice_count, static_cast<std::uint32_t>(first));
    }
  }
}

void release_free_segments() noexcept {
  const platform::LockGuard guard(lock);
  accept_deferred(0);
  unmap_free_segments();
}

Segment* first_segment() noexcept { return segments.load(std::memory_order_acquire); }

SpanStatistics span_statistics() noexcept {
  const platform::LockGuard guard(lock);
  return {mapped_bytes, free_touched_slices * slice_size};
}

platform::Lock& spans_lock() noexcept { return lock; }

}  // namespace ar::heap

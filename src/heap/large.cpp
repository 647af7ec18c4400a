#include "heap/large.hpp"

#include <atomic>

#include "heap/deferred_pages.hpp"
#include "heap/metadata.hpp"
#include "heap/segment_map.hpp"
#include "platform/assert.hpp"
#include "platform/clock.hpp"
#include "platform/pages.hpp"
#include "platform/shared_field.hpp"

namespace ar::heap {

namespace {

constexpr std::size_t most_kept = 8;
constexpr std::size_t most_kept_bytes = std::size_t{256} << 20U;
constexpr std::int64_t idle_before_unmap = 500;  // milliseconds

// Descriptors stay for ever, so that a look-up without locks may follow a stale pointer to one.
platform::Lock lock;
std::atomic<Segment*> descriptors{nullptr};
Segment* idle_descriptors = nullptr;  // linked through pages[0].next
Page* kept[most_kept];                // freed mappings, still mapped and touched
std::size_t kept_bytes = 0;
std::atomic<unsigned> kept_count{0};
std::atomic<unsigned> calls_until_look{0};
constexpr unsigned calls_between_looks = 64;

constinit DeferredPages deferred;

Segment* take_descriptor() noexcept {
  if (idle_descriptors != nullptr) {
    Segment* segment = idle_descriptors;
    Page* next = segment->pages[0].next;
    idle_descriptors = next == nullptr ? nullptr : next->segment;
    return segment;
  }
  // In full length, though only the first page is used: page_of an address inside the block leads to one of
  // the others, which holds no block. Untouched, they cost no memory; that large, metadata is always fresh.
  auto* segment = static_cast<Segment*>(allocate_metadata(sizeof(Segment)));
  if (segment == nullptr) {
    return nullptr;
  }
  segment->pages[0].segment = segment;
  segment->next = descriptors.load(std::memory_order_relaxed);
  descriptors.store(segment, std::memory_order_release);
  return segment;
}

void give_back_descriptor(Segment* segment) noexcept {
  segment->pages[0].next = idle_descriptors == nullptr ? nullptr : &idle_descriptors->pages[0];
  idle_descriptors = segment;
}

void attach(Segment* segment, void* memory, std::size_t size) noexcept {
  platform::publish(segment->base, reinterpret_cast<std::uintptr_t>(memory));
  platform::publish(segment->mapped_size, size);
  Page& page = segment->pages[0];
  platform::publish(page.start, segment->base);
  page.mapped_size = size;
  platform::publish(page.block_size, size);
  set_segment(segment->base, size, segment);
}

void unmap(Page* page) noexcept {
  Segment* segment = page->segment;
  ARPENT_ASSERT_EXPENSIVE(is_mapped(segment));
  const std::size_t size = segment->mapped_size;
  set_segment(segment->base, size, nullptr);
  page->state.store(PageState::free_span, std::memory_order_release);
  platform::unmap_pages(reinterpret_cast<void*>(segment->base), size);
  platform::publish(segment->mapped_size, 0);
  give_back_descriptor(segment);
}

Page* take_kept(std::size_t index) noexcept {
  Page* page = kept[index];
  kept[index] = nullptr;
  kept_bytes -= page->mapped_size;
  kept_count.fetch_sub(1, std::memory_order_relaxed);
  return page;
}

void drop_kept(std::size_t index) noexcept { unmap(take_kept(index)); }

void drop_idle(std::int64_t idle_since) noexcept {
  for (std::size_t i = 0; i < most_kept; ++i) {
    if (kept[i] != nullptr && kept[i]->freed_at <= idle_since) {
      drop_kept(i);
    }
  }
}

void keep_or_unmap(Page* page, std::int64_t now) noexcept {
  if (page->mapped_size > most_kept_bytes) {
    unmap(page);
    return;
  }
  page->freed_at = now;
  for (;;) {
    std::size_t place = most_kept;
    std::size_t oldest = most_kept;
    for (std::size_t i = 0; i < most_kept; ++i) {
      if (kept[i] == nullptr) {
        place = i;
      } else if (oldest == most_kept || kept[i]->freed_at < kept[oldest]->freed_at) {
        oldest = i;
      }
    }
    if (place < most_kept && kept_bytes + page->mapped_size <= most_kept_bytes) {
      kept[place] = page;
      kept_bytes += page->mapped_size;
      kept_count.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    drop_kept(oldest);
  }
}

void accept_deferred(std::int64_t now) noexcept {
  deferred.take_all([now](Page* page) { keep_or_unmap(page, now); });
}

// A kept mapping that holds `size` bytes and wastes at most an eighth.
Page* reuse(std::size_t size, std::size_t alignment) noexcept {
  std::size_t best = most_kept;
  for (std::size_t i = 0; i < most_kept; ++i) {
    if (kept[i] != nullptr && kept[i]->mapped_size >= size && kept[i]->mapped_size - size <= size / 8 &&
        kept[i]->start % alignment == 0 &&
        (best == most_kept || kept[i]->mapped_size < kept[best]->mapped_size)) {
      best = i;
    }
  }
  if (best == most_kept) {
    return nullptr;
  }
  Page* page = take_kept(best);
  page->fresh = false;
  return page;
}

}  // namespace

Page* take_mapping(std::size_t size, std::size_t alignment) noexcept {
  const std::size_t mapping_alignment = alignment < segment_size ? segment_size : alignment;
  const std::size_t mapping_size = platform::round_up(size, platform::page_size);
  if (mapping_size < size || mapping_size > (std::size_t{1} << address_bits)) {
    return nullptr;
  }
  const std::int64_t now = platform::monotonic_milliseconds();
  const platform::LockGuard guard(lock);
  accept_deferred(now);
  if (Page* page = reuse(mapping_size, mapping_alignment); page != nullptr) {
    return page;
  }
  drop_idle(now - idle_before_unmap);
  Segment* segment = take_descriptor();
  if (segment == nullptr) {
    return nullptr;
  }
  void* memory = map_segment(mapping_size, mapping_alignment);
  if (memory == nullptr) {
    drop_idle(now);
    memory = map_segment(mapping_size, mapping_alignment);
  }
  if (memory == nullptr) {
    give_back_descriptor(segment);
    return nullptr;
  }
  if ((reinterpret_cast<std::uintptr_t>(memory) + mapping_size) >> address_bits != 0) {
    platform::unmap_pages(memory, mapping_size);
    give_back_descriptor(segment);
    return nullptr;
  }
  if (!platform::lock_like_programs(memory, mapping_size)) {
    platform::unmap_pages(memory, mapping_size);
    give_back_descriptor(segment);
    return nullptr;
  }
  Page* page = &segment->pages[0];
  page->state.store(PageState::taken, std::memory_order_release);
  page->fresh = true;
  attach(segment, memory, mapping_size);
  return page;
}

void free_mapping(Page* page) noexcept {
  page->state.store(PageState::taken, std::memory_order_release);
  if (!lock.try_lock()) {
    deferred.push(page);
    return;
  }
  const std::int64_t now = platform::monotonic_milliseconds();
  accept_deferred(now);
  drop_idle(now - idle_before_unmap);
  keep_or_unmap(page, now);
  lock.unlock();
}

Page* resize_mapping(Page* page, std::size_t size, bool may_move) noexcept {
  const std::size_t new_size = platform::round_up(size, platform::page_size);
  if (new_size < size || new_size > (std::size_t{1} << address_bits)) {
    return nullptr;
  }
  const platform::LockGuard guard(lock);
  Segment* segment = page->segment;
  const std::size_t old_size = segment->mapped_size;
  void* memory = reinterpret_cast<void*>(segment->base);
  // Growing in place must stay inside places that no other segment has: the kernel sees to that, since
  // every segment's start is mapped.
  if ((segment->base + new_size) >> address_bits == 0 &&
      platform::resize_pages_in_place(memory, old_size, new_size)) {
    if (new_size < old_size) {
      const std::uintptr_t first_gone = platform::round_up(segment->base + new_size, segment_size);
      if (first_gone < segment->base + old_size) {
        set_segment(first_gone, segment->base + old_size - first_gone, nullptr);
      }
    }
    attach(segment, memory, new_size);
    return page;
  }
  if (!may_move) {
    return nullptr;
  }
  void* target = map_segment(new_size, segment_size);
  if (target == nullptr) {
    return nullptr;
  }
  if ((reinterpret_cast<std::uintptr_t>(target) + new_size) >> address_bits != 0 ||
      !platform::move_pages(memory, old_size, target, new_size)) {
    platform::unmap_pages(target, new_size);
    return nullptr;
  }
  set_segment(segment->base, old_size, nullptr);
  attach(segment, target, new_size);
  return page;
}

void look_for_idle_mappings() noexcept {
  if (kept_count.load(std::memory_order_relaxed) == 0) {
    return;
  }
  // Not counted exactly where threads meet: nothing hangs on it.
  const unsigned left = calls_until_look.load(std::memory_order_relaxed);
  calls_until_look.store(left == 0 ? calls_between_looks : left - 1, std::memory_order_relaxed);
  if (left == 0 && lock.try_lock()) {
    drop_idle(platform::monotonic_milliseconds() - idle_before_unmap);
    lock.unlock();
  }
}

bool purge_mappings() noexcept {
  const platform::LockGuard guard(lock);
  accept_deferred(0);
  const std::size_t before = kept_bytes;
  for (std::size_t i = 0; i < most_kept; ++i) {
    if (kept[i] != nullptr) {
      drop_kept(i);
    }
  }
  return kept_bytes < before;
}

Segment* first_mapping() noexcept { return descriptors.load(std::memory_order_acquire); }

platform::Lock& mappings_lock() noexcept { return lock; }

}  // namespace ar::heap

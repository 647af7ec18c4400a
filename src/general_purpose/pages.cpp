#include "general_purpose/pages.hpp"

#include <cstring>

#include "general_purpose/directory.hpp"
#include "platform/pages.hpp"

namespace ar::general_purpose {

namespace {

constexpr unsigned char poison_byte = 0xdf;

void unlink(PageList& list, Page* page) noexcept {
  (page->previous != nullptr ? page->previous->next : list.first) = page->next;
  (page->next != nullptr ? page->next->previous : list.last) = page->previous;
  page->listed = false;
}

void link_first(PageList& list, Page* page) noexcept {
  page->previous = nullptr;
  page->next = list.first;
  (list.first != nullptr ? list.first->previous : list.last) = page;
  list.first = page;
  page->listed = true;
}

void link_last(PageList& list, Page* page) noexcept {
  page->next = nullptr;
  page->previous = list.last;
  (list.last != nullptr ? list.last->next : list.first) = page;
  list.last = page;
  page->listed = true;
}

void release_page_memory(State& state, Page* page) noexcept {
  state.backing.release(state.backing, reinterpret_cast<void*>(page->start), page->slice_count * slice_size,
                        slice_size);
  give_own(state, page, page->own_size);
}

// The descriptor, then the list of free blocks, then the records, which are touched only as blocks are used.
Page* make_page(State& state, unsigned index) noexcept {
  const std::size_t block_size = heap::class_size(index);
  const std::size_t slices = page_slices(block_size);
  const std::size_t capacity = slices * slice_size / block_size;
  const std::size_t record_bytes = state.settings.safety ? record_size(state.settings.stack_frames) : 0;
  const std::size_t records_at =
      platform::round_up(sizeof(Page) + capacity * sizeof(std::uint16_t), alignof(Record));
  const std::size_t own_size = records_at + capacity * record_bytes;

  auto* page = static_cast<Page*>(take_own(state, own_size));
  if (page == nullptr) {
    return nullptr;
  }
  void* memory = state.backing.allocate(state.backing, slices * slice_size, slice_size);
  if (memory == nullptr) {
    give_own(state, page, own_size);
    return nullptr;
  }
  page->start = reinterpret_cast<std::uintptr_t>(memory);
  page->reciprocal = ((std::uint64_t{1} << Page::reciprocal_shift) + block_size - 1) / block_size;
  page->records = record_bytes == 0 ? nullptr : reinterpret_cast<std::byte*>(page) + records_at;
  page->own_size = own_size;
  page->block_size = static_cast<std::uint32_t>(block_size);
  page->capacity = static_cast<std::uint32_t>(capacity);
  page->slice_count = static_cast<std::uint32_t>(slices);
  page->record_bytes = static_cast<std::uint32_t>(record_bytes);
  page->size_class = static_cast<std::uint8_t>(index);
  if (!enter_page(state, page)) {
    release_page_memory(state, page);
    return nullptr;
  }
  link_first(state.with_room[index], page);
  return page;
}

void check_poison_of_page(const State& state, const Page& page) noexcept {
  for (std::size_t i = 0; state.settings.safety && i < page.carved; ++i) {
    if (const Record& record = page.record(i); record.state == BlockState::freed) {
      check_poison(state, page.block(i), page.block_size, record);
    }
  }
}

void release_page(State& state, Page* page) noexcept {
  check_poison_of_page(state, *page);
  unlink(state.with_room[page->size_class], page);
  remove_page(state, page);
  release_page_memory(state, page);
}

// Takes up to `wanted` blocks of a page that has room: the newest of the free ones, which the processor's
// cache may still hold. With safety those that were never used, and then the oldest, so that what was
// released stays away as long as can be.
std::uint32_t take_blocks(const State& state, Page& page, void** to, std::uint32_t wanted) noexcept {
  const bool safety = state.settings.safety;
  std::uint32_t taken = 0;
  while (taken < wanted && page.has_room()) {
    std::size_t index = page.carved;
    if (page.free_count == 0 || (safety && page.carved < page.capacity)) {
      platform::store_relaxed(page.carved, page.carved + 1);
    } else {
      index = safety ? page.take_oldest_free() : page.take_newest_free();
    }
    to[taken++] = reinterpret_cast<void*>(page.block(index));
  }
  return taken;
}

// The caller holds the lock.
void put_back(State& state, void* block) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  Page* page = page_at(state, address);
  page->put_free(page->index_of(address));
  PageList& list = state.with_room[page->size_class];
  if (!page->listed) {
    link_last(list, page);
  }
  // One empty page of a class is kept: programs often release their last block of a size only to want it
  // again.
  if (page->out() == 0 && !state.settings.retain_metadata && list.first != list.last) {
    release_page(state, page);
  }
}

// The same from a magazine of blocks: the first `count` of them, the oldest.
void put_back_oldest(State& state, Magazines& magazines, unsigned index, std::uint32_t count) noexcept {
  void** blocks = magazines.blocks(index);
  for (std::uint32_t i = 0; i < count; ++i) {
    put_back(state, blocks[i]);
  }
  magazines.counts[index] -= count;
  std::memmove(blocks, blocks + count, magazines.counts[index] * sizeof(void*));
}

}  // namespace

bool refill(State& state, ThreadCache& cache, unsigned index) noexcept {
  const StateLock hold(state);
  const std::uint32_t wanted = (magazine_capacity(index) + 1) / 2;
  PageList& list = state.with_room[index];
  if (list.first == nullptr && make_page(state, index) == nullptr) {
    put_back_oldest(state, cache.released, index, cache.released.counts[index]);
    if (list.first == nullptr) {
      return false;
    }
  }
  std::uint32_t taken = 0;
  while (taken < wanted && list.first != nullptr) {
    Page* page = list.first;
    taken += take_blocks(state, *page, cache.ready.blocks(index) + taken, wanted - taken);
    if (!page->has_room()) {
      unlink(list, page);
    }
  }
  cache.ready.counts[index] = taken;
  return true;
}

void flush(State& state, Magazines& magazines, unsigned index) noexcept {
  const StateLock hold(state);
  put_back_oldest(state, magazines, index, (magazines.counts[index] + 1) / 2);
}

void give_back(State& state, void* block) noexcept {
  const StateLock hold(state);
  put_back(state, block);
}

void retire(State& state, Page& page) noexcept {
  const StateLock hold(state);
  if (++page.retired == page.capacity && state.backing.fresh_mappings) {
    platform::forbid_pages(reinterpret_cast<void*>(page.start), page.slice_count * slice_size);
  }
}

void poison(std::uintptr_t block, std::size_t size) noexcept {
  std::memset(reinterpret_cast<void*>(block), poison_byte, size);
}

void check_poison(const State& state, std::uintptr_t block, std::size_t size, const Record& record) noexcept {
  const auto* bytes = reinterpret_cast<const unsigned char*>(block);
  // All bytes are alike when the first one is right and each is like the one after it.
  if (bytes[0] == poison_byte && std::memcmp(bytes, bytes + 1, size - 1) == 0) {
    return;
  }
  std::size_t offset = 0;
  while (bytes[offset] == poison_byte) {
    ++offset;
  }
  report_written_after_free(state, block, record, offset);
}

void release_pages(State& state) noexcept {
  Page* first = nullptr;  // gathered first, because a page stands in the directory once a slice
  for_each_page(state, [&](Page* page) {
    page->next = first;
    first = page;
  });
  while (first != nullptr) {
    Page* next = first->next;
    release_page_memory(state, first);
    first = next;
  }
  for (PageList& list : state.with_room) {
    list = {};
  }
}

}  // namespace ar::general_purpose

#include "general_purpose/small_blocks.hpp"

#include "general_purpose/memory_limit.hpp"
#include "general_purpose/pages.hpp"
#include "general_purpose/poison.hpp"
#include "general_purpose/records.hpp"
#include "general_purpose/reports.hpp"
#include "general_purpose/thread_heaps.hpp"

namespace ar::general_purpose {

namespace {

// A free block and its page.
struct Block {
  Page* page;
  std::size_t index;

  [[nodiscard]] std::uintptr_t address() const noexcept { return page->block(index); }
};

[[gnu::always_inline]] inline Block take_first(heap::Page* from) noexcept {
  auto* page = static_cast<Page*>(from);
  heap::FreeBlock* link = page->free;
  page->free = link->next;
  ++page->used;
  return {page, page->index_of_link(link)};
}

[[gnu::noinline]] Block take_block_slow(State& state, heap::ThreadHeap* heap, std::size_t size) noexcept {
  const unsigned index = heap::size_class(size);
  heap::Page* page = heap->with_room[index].first;
  if (page == nullptr || page->free == nullptr) {
    page = page_to_allocate_from(state.heaps, heap, index);
    if (page == nullptr) {
      return {nullptr, 0};
    }
  }
  return take_first(page);
}

// The page is null without memory.
[[gnu::always_inline]] inline Block take_block(State& state, std::size_t size) noexcept {
  heap::ThreadHeap* heap = heap_of(state);
  if (heap == nullptr) [[unlikely]] {
    return {nullptr, 0};
  }
  if (size <= heap::largest_direct_size) [[likely]] {
    heap::Page* page = heap->direct.pages[(size + heap::granularity - 1) / heap::granularity];
    if (page->free != nullptr) [[likely]] {
      return take_first(page);
    }
  }
  return take_block_slow(state, heap, size);
}

[[gnu::always_inline]] inline void put_back(State& state, const Block& block) noexcept {
  Page* page = block.page;
  heap::FreeBlock* link = page->link(block.index);
  if (page->heap.load(std::memory_order_relaxed) != heap_of(state)) [[unlikely]] {
    free_remote(page, link);
    return;
  }
  heap::FreeBlock*& list = state.settings.safety ? page->waiting : page->free;
  link->next = list;
  list = link;
  if (--page->used == page->slow_at) [[unlikely]] {
    settle_page(page);
  }
}

}  // namespace

Found find_small(const State& state, std::uintptr_t address) noexcept {
  Page* page = page_at(state, address);
  if (page == nullptr) {
    return {nullptr, 0, nullptr};
  }
  const std::size_t index = page->index_of(address);
  if (page->block(index) != address || index >= platform::load_relaxed(page->block_count)) {
    return {page, index, nullptr};
  }
  return {page, index, &page->record(index)};
}

void* allocate_small(State& state, std::size_t block_size, std::size_t size) noexcept {
  const Block block = take_block(state, block_size);
  if (block.page == nullptr) [[unlikely]] {
    return_bytes(state, size);
    return nullptr;
  }
  return reinterpret_cast<void*>(block.address());
}

void release_small(State& state, Page* page, std::uintptr_t address) noexcept {
  put_back(state, {page, page->index_of(address)});
}

void* allocate_small_safely(State& state, std::size_t block_size, std::size_t size, std::size_t alignment,
                            const char* description, const CallStack& stack) noexcept {
  const Block block = take_block(state, block_size);
  if (block.page == nullptr) {
    return nullptr;
  }
  const std::uintptr_t address = block.address();
  Record& record = block.page->record(block.index);
  if (record.state == BlockState::freed) {
    check_poison(state, address, block.page->block_size, record);
  }
  note_allocation(state, record, size, alignment, description, stack);
  return reinterpret_cast<void*>(address);
}

void release_small_safely(State& state, const Found& found, std::uintptr_t address, std::size_t size,
                          std::size_t alignment, const CallStack& stack) noexcept {
  Record& record = *found.record;
  if (!note_release(state, record, stack)) {
    if (record.state == BlockState::freed) {
      report_double_free(state, address, record, stack.view());
    } else {
      report_invalid_free(state, address, stack.view());
    }
    return;
  }
  if (!was_requested_as(record, size, alignment)) {
    report_wrong_size(state, address, record, size, alignment, stack.view());
  }
  return_bytes(state, record.size);
  poison(address, found.page->block_size);
  if (state.settings.never_reuse) {
    retire(state, *found.page);
  } else {
    put_back(state, {found.page, found.index});
  }
}

void report_stray_free(const State& state, const Found& found, std::uintptr_t address, Stack now) noexcept {
  if (found.index < platform::load_relaxed(found.page->block_count)) {
    const Record& record = found.page->record(found.index);
    if (record.state == BlockState::live) {
      report_interior_free(state, address, found.page->block(found.index), record, now);
      return;
    }
  }
  report_invalid_free(state, address, now);
}

}  // namespace ar::general_purpose

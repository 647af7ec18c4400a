#include "general_purpose/pages.hpp"

#include "general_purpose/directory.hpp"
#include "general_purpose/poison.hpp"
#include "platform/pages.hpp"

namespace ar::general_purpose {

namespace {

State& state_of(heap::PageSource& source) noexcept { return static_cast<State&>(source); }

void release_page_memory(State& state, Page* page) noexcept {
  state.backing.release(state.backing, reinterpret_cast<void*>(page->start), page->slice_count * slice_size,
                        slice_size);
  give_own(state, page, page->own_size);
}

// The descriptor, then the records, which are touched only as blocks are used.
heap::Page* take_page(heap::PageSource& source, unsigned index) noexcept {
  State& state = state_of(source);
  const std::size_t block_size = heap::class_size(index);
  const std::size_t slices = page_slices(block_size);
  const std::size_t own_size = sizeof(Page) + slices * slice_size / block_size * source.link_stride;

  const StateLock hold(state);
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
  page->links = reinterpret_cast<std::uintptr_t>(page + 1);
  page->own_size = own_size;
  page->slice_count = static_cast<std::uint32_t>(slices);
  page->record_bytes = source.link_stride;
  page->record_reciprocal = heap::reciprocal_of(source.link_stride);
  page->state.store(heap::PageState::taken, std::memory_order_relaxed);
  if (!enter_page(state, page)) {
    release_page_memory(state, page);
    return nullptr;
  }
  return page;
}

void give_page_back(heap::PageSource& source, heap::Page* given) noexcept {
  State& state = state_of(source);
  auto* page = static_cast<Page*>(given);
  for (std::size_t i = 0; state.settings.safety && i < page->block_count; ++i) {
    if (const Record& record = page->record(i); record.state == BlockState::freed) {
      check_poison(state, page->block(i), page->block_size, record);
    }
  }
  const StateLock hold(state);
  remove_page(state, page);
  release_page_memory(state, page);
}

heap::ThreadHeap* make_heap(heap::PageSource& source) noexcept {
  State& state = state_of(source);
  const StateLock hold(state);
  return static_cast<heap::ThreadHeap*>(take_own(state, sizeof(heap::ThreadHeap)));
}

}  // namespace

void make_source(State& state) noexcept {
  state.take = take_page;
  state.give_back = give_page_back;
  state.make_heap = make_heap;
  state.link_stride =
      static_cast<std::uint32_t>(record_size(state.settings.safety, state.settings.stack_frames));
  state.reuse = state.settings.safety ? heap::Reuse::late : heap::Reuse::soon;
  state.empty_pages =
      state.settings.retain_metadata ? heap::EmptyPages::kept : heap::EmptyPages::one_class_kept;
  state.heaps.source = &state;
}

void retire(State& state, Page& page) noexcept {
  const StateLock hold(state);
  if (++page.retired == page.capacity && state.backing.fresh_mappings) {
    platform::forbid_pages(reinterpret_cast<void*>(page.start), page.slice_count * slice_size);
  }
}

void release_pages(State& state) noexcept {
  heap::Page* first = nullptr;  // gathered first, because a page stands in the directory once a slice
  for_each_page(state, [&](Page* page) {
    page->next = first;
    first = page;
  });
  while (first != nullptr) {
    heap::Page* next = first->next;
    release_page_memory(state, static_cast<Page*>(first));
    first = next;
  }
}

void release_heaps(State& state) noexcept {
  for (heap::ThreadHeap* heap = state.heaps.all; heap != nullptr;) {
    heap::ThreadHeap* next = heap->next;
    give_own(state, heap, sizeof(heap::ThreadHeap));
    heap = next;
  }
}

}  // namespace ar::general_purpose

// The operations: what an instance does with a request. Where blocks come from is in pages.cpp and
// large_blocks.cpp.
#include "arpent/detail/general_purpose_core.hpp"

#include <atomic>
#include <bit>
#include <cstring>

#include "general_purpose/descriptions.hpp"
#include "general_purpose/directory.hpp"
#include "general_purpose/large_blocks.hpp"
#include "general_purpose/lifetime.hpp"
#include "general_purpose/pages.hpp"
#include "general_purpose/poison.hpp"
#include "general_purpose/reports.hpp"
#include "general_purpose/stacks.hpp"
#include "general_purpose/state.hpp"
#include "general_purpose/thread_heaps.hpp"
#include "platform/pages.hpp"

namespace ar::detail::general_purpose {

using namespace ar::general_purpose;

namespace {

// Counts `size` bytes as requested; false when that would pass the limit.
bool reserve_bytes(State& state, std::size_t size) noexcept {
  if (state.settings.memory_limit == SIZE_MAX) [[likely]] {
    return true;
  }
  std::size_t before = __atomic_load_n(&state.requested, __ATOMIC_RELAXED);
  do {
    if (size > state.settings.memory_limit - before) {
      return false;
    }
  } while (!__atomic_compare_exchange_n(&state.requested, &before, before + size, true, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED));
  return true;
}

void return_bytes(State& state, std::size_t size) noexcept {
  if (state.settings.memory_limit != SIZE_MAX) {
    __atomic_fetch_sub(&state.requested, size, __ATOMIC_RELAXED);
  }
}

// --- records

void note_allocation(State& state, Record& record, std::size_t size, std::size_t alignment,
                     const char* description, const CallStack& stack) noexcept {
  record.size = size;
  record.alignment_shift = static_cast<std::uint8_t>(std::countr_zero(alignment));
  record.released_depth = 0;
  record.allocated_depth = stack.copy_to(record.frames(), state.settings.stack_frames);
  record.description = nullptr;
  if (description != nullptr) {
    const StateLock hold(state);
    record.description = keep_description(state, description);
  }
  std::atomic_ref(record.state).store(BlockState::live, std::memory_order_release);
}

// Makes a live block a released one. False when it is not live: of several threads that try, one succeeds.
bool note_release(const State& state, Record& record, const CallStack& stack) noexcept {
  BlockState expected = BlockState::live;
  if (!std::atomic_ref(record.state)
           .compare_exchange_strong(expected, BlockState::freed, std::memory_order_acq_rel)) {
    return false;
  }
  record.released_depth =
      stack.copy_to(record.frames() + state.settings.stack_frames, state.settings.stack_frames);
  return true;
}

// --- blocks of a page

// Where a pointer leads that somebody wants to release or to resize.
struct Found {
  Page* page;
  std::size_t index;
  Record* record;  // null: no block of a page begins there
};

Found find_small(const State& state, std::uintptr_t address) noexcept {
  Page* page = page_at(state, address);
  if (page == nullptr) {
    return {nullptr, 0, nullptr};
  }
  const std::size_t index = page->index_of(address);
  if (page->block(index) != address || index >= platform::load_relaxed(page->carved)) {
    return {page, index, nullptr};
  }
  return {page, index, &page->record(index)};
}

// A free block and its page.
struct Taken {
  Page* page;
  std::size_t index;
};

[[gnu::always_inline]] inline Taken take_first(heap::Page* page) noexcept {
  auto* own = static_cast<Page*>(page);
  heap::FreeBlock* link = own->free;
  own->free = link->next;
  ++own->used;
  return {own, own->index_of_link(link)};
}

[[gnu::noinline]] Taken take_block_slow(State& state, heap::ThreadHeap* heap, std::size_t size) noexcept {
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

// size: as rounded_size says. The page is null without memory.
Taken take_block(State& state, std::size_t size) noexcept {
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

void put_back(State& state, Page* page, std::size_t index) noexcept {
  heap::FreeBlock* link = page->link(index);
  const heap::ThreadHeap* owner = page->owner.load(std::memory_order_relaxed);
  if (owner != heap_of(state)) [[unlikely]] {
    free_remote(page, link);
    return;
  }
  heap::FreeBlock*& list = state.settings.safety ? page->waiting : page->free;
  link->next = list;
  list = link;
  if (--page->used == page->slow_at) [[unlikely]] {
    free_slow(page);
  }
}

void* allocate_small_safely(State& state, std::size_t block_size, std::size_t size, std::size_t alignment,
                            const char* description, const CallStack& stack) noexcept {
  const Taken taken = take_block(state, block_size);
  if (taken.page == nullptr) {
    return nullptr;
  }
  const std::uintptr_t address = taken.page->block(taken.index);
  Record& record = taken.page->record(taken.index);
  if (record.state == BlockState::freed) {
    check_poison(state, address, taken.page->block_size, record);
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
  if (size != record.size || std::countr_zero(alignment) != record.alignment_shift) {
    report_wrong_size(state, address, record, size, alignment, stack.view());
  }
  return_bytes(state, record.size);
  poison(address, found.page->block_size);
  if (state.settings.never_reuse) {
    retire(state, *found.page);
  } else {
    put_back(state, found.page, found.index);
  }
}

// A pointer into a page at which no block begins.
void report_stray_free(const State& state, const Found& found, std::uintptr_t address, Stack now) noexcept {
  if (found.index < platform::load_relaxed(found.page->carved)) {
    const Record& record = found.page->record(found.index);
    if (record.state == BlockState::live) {
      report_interior_free(state, address, found.page->block(found.index), record, now);
      return;
    }
  }
  report_invalid_free(state, address, now);
}

// --- blocks of their own

void* allocate_large(State& state, std::size_t size, std::size_t alignment, const char* description,
                     const CallStack& stack) noexcept {
  void* block = nullptr;
  {
    const StateLock hold(state);
    if (!reserve_large_block(state)) {
      return nullptr;
    }
    block = state.backing.allocate(state.backing, size, alignment);
    if (block == nullptr) {
      return nullptr;
    }
    LargeBlock& large = enter_large_block(state, reinterpret_cast<std::uintptr_t>(block));
    large.alignment = alignment;
    large.record.size = size;
    large.record.description = keep_description(state, state.settings.safety ? description : nullptr);
    large.record.alignment_shift = static_cast<std::uint8_t>(std::countr_zero(alignment));
    large.record.released_depth = 0;
    large.record.allocated_depth =
        state.settings.safety ? stack.copy_to(large.record.frames(), state.settings.stack_frames) : 0;
    large.record.state = BlockState::live;
  }
  return block;
}

// What a release of something that is in no page found.
void release_large(State& state, std::uintptr_t address, std::size_t size, std::size_t alignment,
                   const CallStack& stack) noexcept {
  const StateLock hold(state);
  LargeBlock* large = large_block_at(state, address);
  if (large == nullptr || (large->record.state != BlockState::live && !state.settings.safety)) {
    if (state.settings.safety) {
      LargeBlock* around = large_block_around(state, address);
      if (around != nullptr && around->record.state == BlockState::live) {
        report_interior_free(state, address, around->address, around->record, stack.view());
        return;
      }
    }
    report_invalid_free(state, address, stack.view());
    return;
  }
  Record& record = large->record;
  if (record.state != BlockState::live) {
    report_double_free(state, address, record, stack.view());
    return;
  }
  if (state.settings.safety &&
      (size != record.size || std::countr_zero(alignment) != record.alignment_shift)) {
    report_wrong_size(state, address, record, size, alignment, stack.view());
  }
  return_bytes(state, record.size);
  auto* block = reinterpret_cast<void*>(address);
  if (state.settings.safety) {
    (void)note_release(state, record, stack);
  }
  if (state.settings.never_reuse) {
    if (state.backing.fresh_mappings) {
      platform::forbid_pages(block, record.size);
    }
    return;
  }
  const std::size_t held = record.size;
  const std::size_t held_alignment = large->alignment;
  if (!state.settings.retain_metadata) {
    remove_large_block(state, *large);
  }
  state.backing.release(state.backing, block, held, held_alignment);
}

}  // namespace

State* Core::state() noexcept {
  State* state = __atomic_load_n(&state_, __ATOMIC_ACQUIRE);
  if (state != nullptr) [[likely]] {
    return state;
  }
  return make_state(settings_, backing_, state_);
}

Core::~Core() { (void)end(); }

void* Core::allocate(std::size_t size, std::size_t alignment, const char* description) noexcept {
  State* state = this->state();
  if (state == nullptr || !reserve_bytes(*state, size)) {
    return nullptr;
  }
  const std::size_t small = small_size(size, alignment);
  void* block = nullptr;
  if (!settings_.safety) {
    if (small != 0) [[likely]] {
      const Taken taken = take_block(*state, small);
      block = taken.page == nullptr ? nullptr : reinterpret_cast<void*>(taken.page->block(taken.index));
    } else {
      block = allocate_large(*state, size, alignment, nullptr, CallStack{});
    }
  } else {
    CallStack stack;
    stack.capture(settings_.stack_frames);
    block = small != 0 ? allocate_small_safely(*state, small, size, alignment, description, stack)
                       : allocate_large(*state, size, alignment, description, stack);
  }
  if (block == nullptr) {
    return_bytes(*state, size);
  }
  return block;
}

void Core::release(void* block, std::size_t size, std::size_t alignment) noexcept {
  State* state = __atomic_load_n(&state_, __ATOMIC_ACQUIRE);
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  if (!settings_.safety && state != nullptr) [[likely]] {
    if (Page* page = page_at(*state, address); page != nullptr) [[likely]] {
      return_bytes(*state, size);
      put_back(*state, page, page->index_of(address));
      return;
    }
  }
  CallStack stack;
  if (settings_.safety) {
    stack.capture(settings_.stack_frames);
  }
  if (state == nullptr) {
    state = this->state();
    if (state == nullptr) {
      return;
    }
  }
  const Found found = settings_.safety ? find_small(*state, address) : Found{nullptr, 0, nullptr};
  if (found.record != nullptr) {
    release_small_safely(*state, found, address, size, alignment, stack);
  } else if (found.page != nullptr) {
    report_stray_free(*state, found, address, stack.view());
  } else {
    release_large(*state, address, size, alignment, stack);
  }
}

bool Core::resize(void* block, std::size_t old_size, std::size_t new_size, std::size_t alignment) noexcept {
  State* state = __atomic_load_n(&state_, __ATOMIC_ACQUIRE);
  if (state == nullptr) {
    return false;
  }
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  const unsigned index = class_of(old_size, alignment);
  if (index != class_of(new_size, alignment)) {
    return false;
  }
  if (new_size > old_size && !reserve_bytes(*state, new_size - old_size)) {
    return false;
  }
  bool done = true;
  if (index == 0) {
    const StateLock hold(*state);
    LargeBlock* large = large_block_at(*state, address);
    done = large != nullptr && large->record.state == BlockState::live &&
           state->backing.resize(state->backing, block, large->record.size, new_size, large->alignment);
    if (done) {
      large->record.size = new_size;
    }
  } else if (settings_.safety) {
    const Found found = find_small(*state, address);
    done = found.record != nullptr && found.record->state == BlockState::live;
    if (done) {
      found.record->size = new_size;
    }
  }
  if (done && new_size < old_size) {
    return_bytes(*state, old_size - new_size);
  } else if (!done && new_size > old_size) {
    return_bytes(*state, new_size - old_size);
  }
  return done;
}

void* Core::remap(void* block, std::size_t old_size, std::size_t new_size, std::size_t alignment) noexcept {
  if (resize(block, old_size, new_size, alignment)) {
    return block;
  }
  State* state = __atomic_load_n(&state_, __ATOMIC_ACQUIRE);
  if (state == nullptr || settings_.never_reuse || class_of(old_size, alignment) != 0 ||
      class_of(new_size, alignment) != 0) {
    return nullptr;
  }
  if (new_size > old_size && !reserve_bytes(*state, new_size - old_size)) {
    return nullptr;
  }
  void* moved = nullptr;
  {
    const StateLock hold(*state);
    moved = remap_large_block(*state, reinterpret_cast<std::uintptr_t>(block), new_size);
  }
  if (moved == nullptr && new_size > old_size) {
    return_bytes(*state, new_size - old_size);
  } else if (moved != nullptr && new_size < old_size) {
    return_bytes(*state, old_size - new_size);
  }
  return moved;
}

bool Core::owns(const void* pointer) const noexcept {
  State* state = __atomic_load_n(&state_, __ATOMIC_ACQUIRE);
  if (state == nullptr) {
    return false;
  }
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  if (page_at(*state, address) != nullptr) {
    return true;
  }
  const StateLock hold(*state);
  const LargeBlock* large = large_block_around(*state, address);
  return large != nullptr && large->record.state == BlockState::live;
}

std::size_t Core::requested_bytes() const noexcept {
  const State* state = __atomic_load_n(&state_, __ATOMIC_ACQUIRE);
  return state == nullptr ? 0 : __atomic_load_n(&state->requested, __ATOMIC_RELAXED);
}

bool Core::end() noexcept {
  State* state = state_;
  if (state == nullptr) {
    return true;
  }
  remove_instance(*state);
  const bool clean = !settings_.safety || check_at_end(*state);
  release_everything(*state);
  state_ = nullptr;
  return clean;
}

}  // namespace ar::detail::general_purpose

// The operations: what an instance does with a request. Where blocks come from is in small_blocks.cpp and
// large_blocks.cpp.
#include "arpent/detail/general_purpose_core.hpp"

#include "general_purpose/directory.hpp"
#include "general_purpose/large_blocks.hpp"
#include "general_purpose/large_table.hpp"
#include "general_purpose/lifetime.hpp"
#include "general_purpose/memory_limit.hpp"
#include "general_purpose/page.hpp"
#include "general_purpose/small_blocks.hpp"
#include "general_purpose/stacks.hpp"
#include "general_purpose/state.hpp"
#include "general_purpose/thread_heaps.hpp"

namespace ar::detail::general_purpose {

using namespace ar::general_purpose;

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
  CallStack stack;
  stack.capture(settings_.stack_frames);
  const std::size_t small = small_size(size, alignment);
  void* block = small != 0 ? allocate_small_safely(*state, small, size, alignment, description, stack)
                           : allocate_large(*state, size, alignment, description, stack);
  if (block == nullptr) {
    return_bytes(*state, size);
  }
  return block;
}

void Core::release(void* block, std::size_t size, std::size_t alignment) noexcept {
  CallStack stack;
  stack.capture(settings_.stack_frames);
  State* state = this->state();
  if (state == nullptr) {
    return;
  }
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  const Found found = find_small(*state, address);
  if (found.record != nullptr) {
    release_small_safely(*state, found, address, size, alignment, stack);
  } else if (found.page != nullptr) {
    report_stray_free(*state, found, address, stack.view());
  } else {
    release_large(*state, address, size, alignment, stack);
  }
}

namespace {

// What is too seldom to lie on the way of the rest.
[[gnu::noinline]] void* allocate_large_unchecked(State& state, std::size_t size,
                                                 std::size_t alignment) noexcept {
  void* block = allocate_large(state, size, alignment, nullptr, CallStack{});
  if (block == nullptr) {
    return_bytes(state, size);
  }
  return block;
}

[[gnu::noinline]] void release_large_unchecked(State& state, void* block, std::size_t size,
                                               std::size_t alignment) noexcept {
  release_large(state, reinterpret_cast<std::uintptr_t>(block), size, alignment, CallStack{});
}

}  // namespace

void* Core::allocate_unchecked(std::size_t size, std::size_t alignment) noexcept {
  State* state = this->state();
  if (state == nullptr || !reserve_bytes(*state, size)) [[unlikely]] {
    return nullptr;
  }
  const std::size_t small = small_size(size, alignment);
  return small != 0 ? allocate_small(*state, small, size) : allocate_large_unchecked(*state, size, alignment);
}

void Core::release_unchecked(void* block, std::size_t size, std::size_t alignment) noexcept {
  State* state = this->state();
  if (state == nullptr) [[unlikely]] {
    return;
  }
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  if (Page* page = page_at(*state, address); page != nullptr) [[likely]] {
    return_bytes(*state, size);
    release_small(*state, page, address);
  } else {
    release_large_unchecked(*state, block, size, alignment);
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
    done = resize_large(*state, address, new_size);
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
  void* moved = remap_large(*state, reinterpret_cast<std::uintptr_t>(block), new_size);
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

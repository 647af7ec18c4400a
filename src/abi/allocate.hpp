// From any entry point that allocates to the page of the block: heap and tracking together.
//
//   allocate            no tracking: heap::allocate_fast, else a jump to allocate_slow
//   allocate_tracked    sites: the block and its site's origin from two caches, else a jump to the slow path
//                       stacks: a jump to allocate_with_stack.S, which keeps the caller's registers
//
// The fast paths call nothing: a jump at their end needs no stack frame.
#pragma once

#include <cstddef>
#include <cstdint>

#include "abi/caller.hpp"
#include "heap/allocate.hpp"
#include "heap/process_pages.hpp"
#include "track/record.hpp"

namespace ar::abi {

// Notes the call site of an allocation for a watch of this thread (heap/watch.hpp).
[[gnu::always_inline]] inline void notify_heap_watch(std::uintptr_t caller) noexcept {
  if (heap::HeapWatch* watch = heap::thread_state.watch; watch != nullptr && watch->first == 0) [[unlikely]] {
    watch->first = caller;
  }
}

// Records a fresh block, if tracking is on.
[[gnu::always_inline]] inline void record(const heap::Allocated& made, std::size_t size,
                                          std::uintptr_t caller, track::Family family) noexcept {
  if (heap::keep_slots) {
    track::record_allocation(made.page, made.block, size, caller, family);
  }
}

// They set errno if there is no memory.
template <track::Family family>
[[nodiscard, gnu::noinline]] void* allocate_slow(std::size_t size, std::uintptr_t caller) noexcept;
template <track::Family family>
[[nodiscard]] void* allocate_tracked(std::size_t size, std::uintptr_t caller) noexcept;

// Null and ENOMEM if there is no memory.
template <track::Family family>
[[gnu::always_inline]] inline void* allocate(std::size_t size, std::uintptr_t caller) noexcept {
  if (heap::keep_slots) {
    return allocate_tracked<family>(size, caller);
  }
  const heap::Allocated made = heap::allocate_fast(size);
  return made.block != nullptr ? made.block : allocate_slow<family>(size, caller);
}

// By another copy of this library, if one serves the process: then this copy's heap has no memory. From
// early_blocks.hpp, as long as this library is not relocated. Else null.
[[nodiscard, gnu::cold]] void* allocate_elsewhere(std::size_t size, std::size_t alignment,
                                                  std::uintptr_t caller, track::Family family) noexcept;

// errno becomes ENOMEM, if it can be reached yet.
[[gnu::cold]] void set_out_of_memory() noexcept;

// Sets errno for functions that leave it to their caller.
[[gnu::always_inline]] inline void* or_out_of_memory(void* block) noexcept {
  if (block == nullptr) [[unlikely]] {
    set_out_of_memory();
  }
  return block;
}

// Null if there is no memory; the caller sets errno.
[[gnu::always_inline]] inline void* allocate_aligned(std::size_t size, std::size_t alignment,
                                                     std::uintptr_t caller, track::Family family) noexcept {
  notify_heap_watch(caller);
  const heap::Allocated made = heap::allocate_aligned(size, alignment);
  if (made.block == nullptr) [[unlikely]] {
    return allocate_elsewhere(size, alignment, caller, family);
  }
  record(made, size, caller, family);
  return made.block;
}

// For calloc. Null if there is no memory; the caller sets errno.
[[nodiscard]] void* allocate_zeroed(std::size_t count, std::size_t size, std::uintptr_t caller) noexcept;

// Makes a fresh block's first `size` bytes zero, at no cost if the system has just done so.
void clear(const heap::Allocated& made, std::size_t size) noexcept;

}  // namespace ar::abi

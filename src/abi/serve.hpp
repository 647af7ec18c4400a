// How every entry point, whatever its name, gets a block and gives one back: heap and tracking together.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "heap/allocate.hpp"
#include "track/record.hpp"

// The return address of the function it stands in: the call site that the user knows.
#define ARPENT_CALLER \
  reinterpret_cast<std::uintptr_t>(__builtin_extract_return_addr(__builtin_return_address(0)))

namespace ar::abi {

inline constexpr std::uint32_t released_by_free =
    track::family_bit(track::Family::malloc_family) | track::family_bit(track::Family::ar_heap);
inline constexpr std::uint32_t released_by_delete = track::family_bit(track::Family::new_object);
inline constexpr std::uint32_t released_by_delete_array = track::family_bit(track::Family::new_array);

// The place of an allocation, for whoever watches this thread (heap/watch.hpp).
[[gnu::always_inline]] inline void tell_watch(std::uintptr_t caller) noexcept {
  if (heap::HeapWatch* watch = heap::thread_state.watch; watch != nullptr && watch->first == 0) [[unlikely]] {
    watch->first = caller;
  }
}

// Tracks a fresh block, if tracking is on.
[[gnu::always_inline]] inline void note(const heap::Allocated& made, std::size_t size, std::uintptr_t caller,
                                        track::Family family) noexcept {
  if (heap::keep_slots) {
    track::record_allocation(made.page, made.block, size, caller, family);
  }
}

// Where the fast path ends, by a jump: it then needs no stack frame. They set errno when there is no memory.
[[nodiscard]] void* serve_slow(std::size_t size, std::uintptr_t caller, track::Family family) noexcept;
template <track::Family family>
[[nodiscard]] void* serve_tracked(std::size_t size, std::uintptr_t caller) noexcept;
template <std::uint32_t families>
void take_back_tracked(void* pointer, std::uintptr_t caller) noexcept;

// Null and ENOMEM without memory.
template <track::Family family>
[[gnu::always_inline]] inline void* serve(std::size_t size, std::uintptr_t caller) noexcept {
  if (heap::keep_slots) {
    return serve_tracked<family>(size, caller);
  }
  const heap::Allocated made = heap::allocate_fast(size);
  return made.block != nullptr ? made.block : serve_slow(size, caller, family);
}

// Null without memory; errno is the caller's to set.
[[gnu::always_inline]] inline void* serve_aligned(std::size_t size, std::size_t alignment,
                                                  std::uintptr_t caller, track::Family family) noexcept {
  tell_watch(caller);
  const heap::Allocated made = heap::allocate_aligned(size, alignment);
  if (made.block != nullptr) [[likely]] {
    note(made, size, caller, family);
  }
  return made.block;
}

// Makes a fresh block's first `size` bytes zero, at no cost where the system has just done so.
void clear(const heap::Allocated& made, std::size_t size) noexcept;

[[nodiscard]] void* serve_zeroed(std::size_t count, std::size_t size, std::uintptr_t caller,
                                 track::Family family) noexcept;

// The rare endings of a release. `true`: the block may be given back.
[[nodiscard]] bool settle_release(track::RecordedFree released, const void* pointer, std::uintptr_t caller,
                                  std::uint32_t families) noexcept;
void release_foreign(void* pointer, std::uintptr_t caller) noexcept;

// pointer: not null
template <std::uint32_t families>
[[gnu::always_inline]] inline void take_back(void* pointer, std::uintptr_t caller) noexcept {
  if (heap::keep_slots) {
    take_back_tracked<families>(pointer, caller);
    return;
  }
  heap::Page* page = heap::page_of(pointer);
  if (page != nullptr) [[likely]] {
    heap::release(page, pointer);
  } else {
    release_foreign(pointer, caller);
  }
}

}  // namespace ar::abi

// ar::FixedBufferAllocator: bump allocation in a buffer of yours, without any heap.
//
//   std::byte buffer[4096];
//   ar::FixedBufferAllocator fixed{buffer};
//   auto scores = fixed.allocator().alloc<int>(10, "scores");
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "allocator.hpp"
#include "detail/ownership.hpp"

namespace ar {

// Blocks lie one after the other in the buffer. The last one can be resized and freed; others are when it is
// reset. Freeing or resizing what is not in the buffer ends the process with a line that says so. Neither
// copied nor moved: Allocators refer to it.
//
// In a program that Arpent tracks, reports show what lies in the buffer by site, unless this object is
// initialised at compile time, as global ones are.
//
// Threads: allocator() is for one at a time, thread_safe_allocator() for any number. Not both at once, and no
// reset while the other is in use.
class FixedBufferAllocator {
 public:
  // The buffer stays the caller's, and must outlive the allocator. `description` is what reports call it.
  constexpr explicit FixedBufferAllocator(
      std::span<std::byte> buffer,
      const Description& description = {"fixed buffer", std::source_location::current()}) noexcept
      : start_(buffer.data()), position_(buffer.data()), end_(buffer.data() + buffer.size()), limit_(end_) {
    if !consteval {
      owner_.begin(AR_HEAP_BUFFER, description);
      limit_ = owner_.is_tracked() ? start_ : end_;
    }
  }
  constexpr ~FixedBufferAllocator() { owner_.end(); }
  FixedBufferAllocator(const FixedBufferAllocator&) = delete;
  FixedBufferAllocator& operator=(const FixedBufferAllocator&) = delete;

  // The buffer as an Allocator, valid as long as this object is.
  [[nodiscard]] constexpr Allocator allocator() noexcept { return Allocator::of(*this); }

  // The same for any number of threads, without a lock: one compare-and-exchange a call.
  [[nodiscard]] constexpr Allocator thread_safe_allocator() noexcept;

  // Ends all blocks.
  constexpr void reset() noexcept {
    position_ = start_;
    if (owner_.is_tracked()) [[unlikely]] {
      owner_.cut(0);
    }
  }

  // Bytes from the buffer's start to the end of the last block, with what alignment left free between.
  [[nodiscard]] constexpr std::size_t used() const noexcept {
    return static_cast<std::size_t>(position_ - start_);
  }
  [[nodiscard]] constexpr std::size_t capacity() const noexcept {
    return static_cast<std::size_t>(end_ - start_);
  }

  // Whether the pointer points into the buffer.
  [[nodiscard]] bool owns_ptr(const void* pointer) const noexcept {
    return detail::address_of(pointer) - detail::address_of(start_) < capacity();
  }

  // Whether a block of `size` bytes is the last one, so that it can be resized and freed.
  [[nodiscard]] bool is_last_allocation(const void* block, std::size_t size) const noexcept {
    return detail::address_of(block) + size == detail::address_of(position_);
  }
  template <class T>
  [[nodiscard]] bool is_last_allocation(std::span<T> items) const noexcept {
    return is_last_allocation(items.data(), items.size_bytes());
  }

  [[nodiscard]] void* raw_alloc(std::size_t size, std::size_t alignment,
                                const Description& description) noexcept {
    const std::uintptr_t block = detail::aligned_up(detail::address_of(position_), alignment);
    if (block + size > detail::address_of(limit_)) [[unlikely]] {
      return alloc_beyond_limit(size, alignment, description);
    }
    position_ = reinterpret_cast<std::byte*>(block + size);
    return reinterpret_cast<void*>(block);
  }

  [[nodiscard]] bool raw_resize(void* block, std::size_t size, std::size_t, std::size_t new_size,
                                const Description&) noexcept {
    check_owned(block);
    if (!is_last_allocation(block, size)) {
      return new_size <= size;
    }
    if (new_size > room_from(block)) {
      return false;
    }
    position_ = static_cast<std::byte*>(block) + new_size;
    if (owner_.is_tracked()) [[unlikely]] {
      owner_.resize(block, new_size);
    }
    return true;
  }

  [[nodiscard]] void* raw_remap(void* block, std::size_t size, std::size_t alignment, std::size_t new_size,
                                const Description& description) noexcept {
    return raw_resize(block, size, alignment, new_size, description) ? block : nullptr;
  }

  void raw_free(void* block, std::size_t size, std::size_t, const Description&) noexcept {
    check_owned(block);
    if (is_last_allocation(block, size)) {
      position_ = static_cast<std::byte*>(block);
      if (owner_.is_tracked()) [[unlikely]] {
        owner_.leave(block);
      }
    }
  }

 private:
  struct ThreadSafe;

  // The description by value: a reference would keep it in memory on the fast path, too.
  [[gnu::cold, gnu::noinline]] void* alloc_beyond_limit(std::size_t size, std::size_t alignment,
                                                        Description description) noexcept {
    const std::uintptr_t block = detail::aligned_up(detail::address_of(position_), alignment);
    if (!owner_.is_tracked() || block + size > detail::address_of(end_)) {
      return nullptr;
    }
    position_ = reinterpret_cast<std::byte*>(block + size);
    owner_.enter(reinterpret_cast<const void*>(block), size, description);
    return reinterpret_cast<void*>(block);
  }

  // Bytes from a block's start to the buffer's end.
  [[nodiscard]] std::size_t room_from(const void* block) const noexcept {
    return detail::address_of(end_) - detail::address_of(block);
  }
  void check_owned(const void* block) const noexcept {
    if (!owns_ptr(block)) [[unlikely]] {
      detail::misuse("FixedBufferAllocator: a block is freed or resized here that is not in the buffer");
    }
  }

  std::byte* start_;
  std::byte* position_;  // the end of the last block
  std::byte* end_;
  std::byte* limit_;  // what goes beyond it needs more than a new position: end_, or start_ when tracked
  detail::Ownership owner_;
};

// The functions behind thread_safe_allocator(). A block is the last one as long as `position_` is its end: it
// lives, so nobody has put `position_` below that. What one thread did to memory before it was freed happens
// before what another does to it after it was allocated.
struct FixedBufferAllocator::ThreadSafe {
  static FixedBufferAllocator& fixed(void* self) noexcept {
    return *static_cast<FixedBufferAllocator*>(self);
  }

  // Puts the position from the end of the last block elsewhere; false when the block is not the last one.
  static bool move(void* self, std::byte* expected, std::byte* position) noexcept {
    return std::atomic_ref{fixed(self).position_}.compare_exchange_strong(
        expected, position, std::memory_order_acq_rel, std::memory_order_relaxed);
  }

  static void* alloc(void* self, std::size_t size, std::size_t alignment, Description description) noexcept {
    const std::byte* const end = fixed(self).end_;
    const std::atomic_ref position{fixed(self).position_};
    std::byte* before = position.load(std::memory_order_relaxed);
    while (true) {
      const std::size_t padding = detail::padding_to(detail::address_of(before), alignment);
      if (padding + size > static_cast<std::size_t>(end - before)) {
        return nullptr;
      }
      std::byte* const block = before + padding;
      if (position.compare_exchange_weak(before, block + size, std::memory_order_acq_rel,
                                         std::memory_order_relaxed)) {
        if (fixed(self).owner_.is_tracked()) [[unlikely]] {
          fixed(self).owner_.enter(block, size, description);
        }
        return block;
      }
    }
  }

  static bool resize(void* self, void* block, std::size_t size, std::size_t, std::size_t new_size,
                     Description) noexcept {
    fixed(self).check_owned(block);
    auto* const start = static_cast<std::byte*>(block);
    if (new_size > fixed(self).room_from(block)) {
      return false;
    }
    if (!move(self, start + size, start + new_size)) {
      return new_size <= size;
    }
    if (fixed(self).owner_.is_tracked()) [[unlikely]] {
      fixed(self).owner_.resize(block, new_size);
    }
    return true;
  }

  static void* remap(void* self, void* block, std::size_t size, std::size_t alignment, std::size_t new_size,
                     Description description) noexcept {
    return resize(self, block, size, alignment, new_size, description) ? block : nullptr;
  }

  static void free(void* self, void* block, std::size_t size, std::size_t, Description) noexcept {
    fixed(self).check_owned(block);
    auto* const start = static_cast<std::byte*>(block);
    const detail::Ownership& owner = fixed(self).owner_;
    if (!owner.is_tracked() ||
        std::atomic_ref{fixed(self).position_}.load(std::memory_order_relaxed) != start + size) {
      move(self, start + size, start);
      return;
    }
    // Told before it is so: afterwards another thread may get the block, and tell that.
    const std::uint32_t token = owner.leave(block);
    if (!move(self, start + size, start)) {
      owner.take_back(block, size, token);
    }
  }

  static constexpr Allocator::Table table{&alloc, &resize, &remap, &free};
};

constexpr Allocator FixedBufferAllocator::thread_safe_allocator() noexcept {
  return {this, &ThreadSafe::table};
}

}  // namespace ar

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

namespace ar {

// Blocks lie one after the other in the buffer. The last one can be resized and freed; others are when it is
// reset. Freeing or resizing what is not in the buffer ends the process with a line that says so. Neither
// copied nor moved: Allocators refer to it.
//
// Threads: allocator() is for one at a time, thread_safe_allocator() for any number. Not both at once, and no
// reset while the other is in use.
class FixedBufferAllocator {
 public:
  // The buffer stays the caller's, and must outlive the allocator.
  constexpr explicit FixedBufferAllocator(std::span<std::byte> buffer) noexcept
      : start_(buffer.data()), size_(buffer.size()) {}
  FixedBufferAllocator(const FixedBufferAllocator&) = delete;
  FixedBufferAllocator& operator=(const FixedBufferAllocator&) = delete;

  // The buffer as an Allocator, valid as long as this object is.
  [[nodiscard]] constexpr Allocator allocator() noexcept { return Allocator::of(*this); }

  // The same for any number of threads, without a lock: one compare-and-exchange a call.
  [[nodiscard]] constexpr Allocator thread_safe_allocator() noexcept;

  // Ends all blocks.
  constexpr void reset() noexcept { used_ = 0; }

  // Bytes from the buffer's start to the end of the last block, with what alignment left free between.
  [[nodiscard]] constexpr std::size_t used() const noexcept { return used_; }
  [[nodiscard]] constexpr std::size_t capacity() const noexcept { return size_; }

  // Whether the pointer points into the buffer.
  [[nodiscard]] bool owns_ptr(const void* pointer) const noexcept {
    return detail::address_of(pointer) - detail::address_of(start_) < size_;
  }

  // Whether a block of `size` bytes is the last one, so that it can be resized and freed.
  [[nodiscard]] bool is_last_allocation(const void* block, std::size_t size) const noexcept {
    return offset_of(block) + size == used_;
  }
  template <class T>
  [[nodiscard]] bool is_last_allocation(std::span<T> items) const noexcept {
    return is_last_allocation(items.data(), items.size_bytes());
  }

  [[nodiscard]] void* raw_alloc(std::size_t size, std::size_t alignment, const Description&) noexcept {
    const std::size_t padding = detail::padding_to(detail::address_of(start_) + used_, alignment);
    if (padding + size > size_ - used_) [[unlikely]] {
      return nullptr;
    }
    std::byte* const block = start_ + used_ + padding;
    used_ += padding + size;
    return block;
  }

  [[nodiscard]] bool raw_resize(void* block, std::size_t size, std::size_t, std::size_t new_size,
                                const Description&) noexcept {
    check_owned(block);
    if (!is_last_allocation(block, size)) {
      return new_size <= size;
    }
    const std::size_t offset = offset_of(block);
    if (new_size > size_ - offset) {
      return false;
    }
    used_ = offset + new_size;
    return true;
  }

  [[nodiscard]] void* raw_remap(void* block, std::size_t size, std::size_t alignment, std::size_t new_size,
                                const Description& description) noexcept {
    return raw_resize(block, size, alignment, new_size, description) ? block : nullptr;
  }

  void raw_free(void* block, std::size_t size, std::size_t, const Description&) noexcept {
    check_owned(block);
    if (is_last_allocation(block, size)) {
      used_ = offset_of(block);
    }
  }

 private:
  struct ThreadSafe;

  [[nodiscard]] std::size_t offset_of(const void* block) const noexcept {
    return detail::address_of(block) - detail::address_of(start_);
  }
  void check_owned(const void* block) const noexcept {
    if (!owns_ptr(block)) [[unlikely]] {
      detail::misuse("FixedBufferAllocator: a block is freed or resized here that is not in the buffer");
    }
  }

  std::byte* start_;
  std::size_t size_;
  std::size_t used_ = 0;
};

// The functions behind thread_safe_allocator(). A block is the last one as long as `used_` is its end: it
// lives, so nobody has put `used_` below that. What one thread did to memory before it was freed happens
// before what another does to it after it was allocated.
struct FixedBufferAllocator::ThreadSafe {
  static FixedBufferAllocator& fixed(void* self) noexcept {
    return *static_cast<FixedBufferAllocator*>(self);
  }
  static std::atomic_ref<std::size_t> used(void* self) noexcept { return std::atomic_ref{fixed(self).used_}; }

  static void* alloc(void* self, std::size_t size, std::size_t alignment, Description) noexcept {
    const FixedBufferAllocator& buffer = fixed(self);
    std::size_t before = used(self).load(std::memory_order_relaxed);
    while (true) {
      const std::size_t padding = detail::padding_to(detail::address_of(buffer.start_) + before, alignment);
      if (padding + size > buffer.size_ - before) {
        return nullptr;
      }
      if (used(self).compare_exchange_weak(before, before + padding + size, std::memory_order_acq_rel,
                                           std::memory_order_relaxed)) {
        return buffer.start_ + before + padding;
      }
    }
  }

  static bool resize(void* self, void* block, std::size_t size, std::size_t, std::size_t new_size,
                     Description) noexcept {
    const FixedBufferAllocator& buffer = fixed(self);
    buffer.check_owned(block);
    const std::size_t offset = buffer.offset_of(block);
    if (new_size > buffer.size_ - offset) {
      return false;
    }
    std::size_t expected = offset + size;
    return used(self).compare_exchange_strong(expected, offset + new_size, std::memory_order_acq_rel,
                                              std::memory_order_relaxed) ||
           new_size <= size;
  }

  static void* remap(void* self, void* block, std::size_t size, std::size_t alignment, std::size_t new_size,
                     Description description) noexcept {
    return resize(self, block, size, alignment, new_size, description) ? block : nullptr;
  }

  static void free(void* self, void* block, std::size_t size, std::size_t, Description) noexcept {
    const FixedBufferAllocator& buffer = fixed(self);
    buffer.check_owned(block);
    const std::size_t offset = buffer.offset_of(block);
    std::size_t expected = offset + size;
    used(self).compare_exchange_strong(expected, offset, std::memory_order_acq_rel,
                                       std::memory_order_relaxed);
  }

  static constexpr Allocator::Table table{&alloc, &resize, &remap, &free};
};

constexpr Allocator FixedBufferAllocator::thread_safe_allocator() noexcept {
  return {this, &ThreadSafe::table};
}

}  // namespace ar

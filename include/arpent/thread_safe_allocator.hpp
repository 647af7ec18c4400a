// ar::ThreadSafeAllocator: a lock around an allocator that has none.
#pragma once

#include <cstddef>
#include <mutex>

#include "allocator.hpp"

namespace ar {

// Passes each call to `backing`, one at a time. May be used by several threads at once, as long as nobody
// uses the backing allocator beside it. Neither copied nor moved: Allocators refer to it.
class ThreadSafeAllocator {
 public:
  // The backing allocator must outlive this object.
  explicit ThreadSafeAllocator(Allocator backing) noexcept : backing_(backing) {}
  ThreadSafeAllocator(const ThreadSafeAllocator&) = delete;
  ThreadSafeAllocator& operator=(const ThreadSafeAllocator&) = delete;

  // This as an Allocator, valid as long as the object is.
  [[nodiscard]] Allocator allocator() noexcept { return Allocator::of(*this); }

  [[nodiscard]] void* raw_alloc(std::size_t size, std::size_t alignment,
                                const Description& description) noexcept {
    const std::lock_guard lock{mutex_};
    return backing_.raw_alloc(size, alignment, description);
  }
  [[nodiscard]] bool raw_resize(void* block, std::size_t size, std::size_t alignment, std::size_t new_size,
                                const Description& description) noexcept {
    const std::lock_guard lock{mutex_};
    return backing_.raw_resize(block, size, alignment, new_size, description);
  }
  [[nodiscard]] void* raw_remap(void* block, std::size_t size, std::size_t alignment, std::size_t new_size,
                                const Description& description) noexcept {
    const std::lock_guard lock{mutex_};
    return backing_.raw_remap(block, size, alignment, new_size, description);
  }
  void raw_free(void* block, std::size_t size, std::size_t alignment,
                const Description& description) noexcept {
    const std::lock_guard lock{mutex_};
    backing_.raw_free(block, size, alignment, description);
  }

 private:
  std::mutex mutex_;
  Allocator backing_;
};

}  // namespace ar

// ar::LimitAllocator: a budget, in bytes that are alive at once.
#pragma once

#include <atomic>
#include <cstddef>

#include "allocator.hpp"

namespace ar {

// Passes each call to `backing` as long as all living blocks together keep within the limit; refuses the
// others without asking. Counts what was asked for, not what the backing allocator rounds it up to. As safe
// for several threads as the backing allocator. Neither copied nor moved: Allocators refer to it.
class LimitAllocator {
 public:
  // The backing allocator must outlive this object. `limit` in bytes.
  constexpr LimitAllocator(Allocator backing, std::size_t limit) noexcept
      : backing_(backing), limit_(limit) {}
  LimitAllocator(const LimitAllocator&) = delete;
  LimitAllocator& operator=(const LimitAllocator&) = delete;

  // This as an Allocator, valid as long as the object is.
  [[nodiscard]] constexpr Allocator allocator() noexcept { return Allocator::of(*this); }

  [[nodiscard]] std::size_t limit() const noexcept { return limit_; }
  // Bytes that are alive now; never more than the limit.
  [[nodiscard]] std::size_t used() const noexcept { return used_.load(std::memory_order_relaxed); }

  [[nodiscard]] void* raw_alloc(std::size_t size, std::size_t alignment,
                                const Description& description) noexcept {
    if (!reserve(size)) {
      return nullptr;
    }
    void* const block = backing_.raw_alloc(size, alignment, description);
    if (block == nullptr) {
      release(size);
    }
    return block;
  }
  [[nodiscard]] bool raw_resize(void* block, std::size_t size, std::size_t alignment, std::size_t new_size,
                                const Description& description) noexcept {
    return resized(size, new_size,
                   [&] { return backing_.raw_resize(block, size, alignment, new_size, description); });
  }
  [[nodiscard]] void* raw_remap(void* block, std::size_t size, std::size_t alignment, std::size_t new_size,
                                const Description& description) noexcept {
    return resized(size, new_size,
                   [&] { return backing_.raw_remap(block, size, alignment, new_size, description); });
  }
  void raw_free(void* block, std::size_t size, std::size_t alignment,
                const Description& description) noexcept {
    backing_.raw_free(block, size, alignment, description);
    release(size);
  }

 private:
  [[nodiscard]] bool reserve(std::size_t size) noexcept {
    std::size_t used = used_.load(std::memory_order_relaxed);
    do {
      if (size > limit_ - used) {
        return false;
      }
    } while (!used_.compare_exchange_weak(used, used + size, std::memory_order_relaxed));
    return true;
  }
  void release(std::size_t size) noexcept { used_.fetch_sub(size, std::memory_order_relaxed); }

  // What grows is counted before, what shrinks after: the backing allocator never holds more than is counted.
  template <class Change>
  [[nodiscard]] auto resized(std::size_t size, std::size_t new_size, Change change) noexcept
      -> decltype(change()) {
    if (new_size > size && !reserve(new_size - size)) {
      return {};
    }
    const auto result = change();
    if (new_size > size && !result) {
      release(new_size - size);
    } else if (new_size < size && result) {
      release(size - new_size);
    }
    return result;
  }

  Allocator backing_;
  std::size_t limit_;
  std::atomic<std::size_t> used_ = 0;
};

}  // namespace ar

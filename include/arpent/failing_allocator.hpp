// ar::FailingAllocator: refuses the n-th allocation, to see what a program does then.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <source_location>

#include "allocator.hpp"

namespace ar {

// Which calls fail, counted from 0; by default none.
struct FailingOptions {
  static constexpr std::size_t never = SIZE_MAX;
  std::size_t fail_index = never;  // this allocation, and only this one
  bool refuse_growth = false;      // every growth of a block, so that it has to be allocated anew
};

// Passes each call to `backing`, but for those that are to fail, and counts. A block that grows by remap
// counts as no allocation. As safe for several threads as the backing allocator, though which call is the
// n-th is then open. Neither copied nor moved: Allocators refer to it.
class FailingAllocator {
 public:
  // The backing allocator must outlive this object.
  constexpr explicit FailingAllocator(Allocator backing, FailingOptions options = {}) noexcept
      : backing_(backing), options_(options) {}
  FailingAllocator(const FailingAllocator&) = delete;
  FailingAllocator& operator=(const FailingAllocator&) = delete;

  // This as an Allocator, valid as long as the object is.
  [[nodiscard]] constexpr Allocator allocator() noexcept { return Allocator::of(*this); }

  // How many allocations were asked for, those that failed among them.
  [[nodiscard]] std::size_t allocations() const noexcept {
    return allocations_.load(std::memory_order_relaxed);
  }
  // How many blocks were given back.
  [[nodiscard]] std::size_t frees() const noexcept { return frees_.load(std::memory_order_relaxed); }
  // Whether the allocation that was to fail has been asked for, and where from. The place counts after it
  // has.
  [[nodiscard]] bool has_failed() const noexcept { return has_failed_.load(std::memory_order_acquire); }
  [[nodiscard]] const std::source_location& failed_at() const noexcept { return failed_at_; }

  [[nodiscard]] void* raw_alloc(std::size_t size, std::size_t alignment,
                                const Description& description) noexcept {
    if (allocations_.fetch_add(1, std::memory_order_relaxed) == options_.fail_index) {
      failed_at_ = description.place();
      has_failed_.store(true, std::memory_order_release);
      return nullptr;
    }
    return backing_.raw_alloc(size, alignment, description);
  }
  [[nodiscard]] bool raw_resize(void* block, std::size_t size, std::size_t alignment, std::size_t new_size,
                                const Description& description) noexcept {
    return !is_refused(size, new_size) && backing_.raw_resize(block, size, alignment, new_size, description);
  }
  [[nodiscard]] void* raw_remap(void* block, std::size_t size, std::size_t alignment, std::size_t new_size,
                                const Description& description) noexcept {
    return is_refused(size, new_size) ? nullptr
                                      : backing_.raw_remap(block, size, alignment, new_size, description);
  }
  void raw_free(void* block, std::size_t size, std::size_t alignment,
                const Description& description) noexcept {
    frees_.fetch_add(1, std::memory_order_relaxed);
    backing_.raw_free(block, size, alignment, description);
  }

 private:
  [[nodiscard]] constexpr bool is_refused(std::size_t size, std::size_t new_size) const noexcept {
    return options_.refuse_growth && new_size > size;
  }

  Allocator backing_;
  FailingOptions options_;
  std::atomic<std::size_t> allocations_ = 0;
  std::atomic<std::size_t> frees_ = 0;
  std::source_location failed_at_;
  std::atomic<bool> has_failed_ = false;
};

}  // namespace ar

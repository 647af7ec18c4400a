// ar::page_allocator: whole pages, straight from the system.
//
// Each block is a mapping of its own: a system call to make it, one to release it, and its size rounded up to
// pages. For few, large blocks, and behind other allocators. Fresh pages read as zero.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

#include "allocator.hpp"

namespace ar {

// What is behind page_allocator. Without state; from any thread at any time. Changes errno when it fails.
class PageAllocator {
 public:
  // Blocks at a multiple of more than a page are cut from a larger mapping, so that need only fit for a
  // moment.
  [[nodiscard]] static void* raw_alloc(std::size_t size, std::size_t alignment, const Description&) noexcept {
    const std::size_t page = page_size();
    const std::size_t length = rounded_up(size);
    if (alignment <= page) {
      return map(length);
    }
    auto* const start = static_cast<std::byte*>(map(length + alignment - page));
    if (start == nullptr) {
      return nullptr;
    }
    const std::size_t before = detail::padding_to(detail::address_of(start), alignment);
    const std::size_t after = alignment - page - before;
    std::byte* const block = start + before;
    if (before != 0) {
      ::munmap(start, before);
    }
    if (after != 0) {
      ::munmap(block + length, after);
    }
    return block;
  }

  // Shrinking always succeeds and gives pages back; growing does when the next pages of the address space are
  // free.
  [[nodiscard]] static bool raw_resize(void* block, std::size_t size, std::size_t, std::size_t new_size,
                                       const Description&) noexcept {
    const std::size_t length = rounded_up(size);
    const std::size_t new_length = rounded_up(new_size);
    if (new_length == length) {
      return true;
    }
    if (new_length < length) {
      return ::munmap(static_cast<std::byte*>(block) + new_length, length - new_length) == 0;
    }
    return may_remap && ::mremap(block, length, new_length, 0) != MAP_FAILED;
  }

  // Moves the pages, not their content; not where more than a page's alignment has to be kept.
  [[nodiscard]] static void* raw_remap(void* block, std::size_t size, std::size_t alignment,
                                       std::size_t new_size, const Description& description) noexcept {
    if (raw_resize(block, size, alignment, new_size, description)) {
      return block;
    }
    if (alignment > page_size() || !may_remap) {
      return nullptr;
    }
    void* const moved = ::mremap(block, rounded_up(size), rounded_up(new_size), MREMAP_MAYMOVE);
    return moved == MAP_FAILED ? nullptr : moved;
  }

  static void raw_free(void* block, std::size_t size, std::size_t, const Description&) noexcept {
    ::munmap(block, rounded_up(size));
  }

  // Bytes.
  [[nodiscard]] static std::size_t page_size() noexcept { return static_cast<std::size_t>(::getpagesize()); }

 private:
  // ThreadSanitizer does not see mremap, and would take pages that come to another thread by it for shared
  // ones.
#if defined(__SANITIZE_THREAD__)
  static constexpr bool may_remap = false;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
  static constexpr bool may_remap = false;
#else
  static constexpr bool may_remap = true;
#endif
#else
  static constexpr bool may_remap = true;
#endif

  [[nodiscard]] static std::size_t rounded_up(std::size_t size) noexcept {
    const std::size_t page = page_size();
    return (size + page - 1) & ~(page - 1);
  }
  [[nodiscard]] static void* map(std::size_t length) noexcept {
    void* const start = ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return start == MAP_FAILED ? nullptr : start;
  }
};

// Whole pages from the system. May be used by several threads at once.
inline constexpr Allocator page_allocator{nullptr, &detail::StaticTableOf<PageAllocator>::table};

}  // namespace ar

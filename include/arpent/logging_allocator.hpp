// ar::LoggingAllocator: a line for each call that passes through.
//
//   alloc 40 align 4 = 0x5581e0 scores (main.cpp:12)
//   resize 0x5581e0 40 -> 80 align 4 = refused grown (main.cpp:14)
//   free 0x5581e0 40 align 4 (main.cpp:16)
#pragma once

#include <cstddef>
#include <cstdio>

#include "allocator.hpp"

namespace ar {

// Passes each call to `backing`, and then writes what came of it. As safe for several threads as the backing
// allocator: each line is written at once. Allocates nothing itself; a description that does not fit into a
// line of 512 bytes is cut. Neither copied nor moved: Allocators refer to it.
class LoggingAllocator {
 public:
  // The backing allocator and the stream must outlive this object; the stream stays open.
  explicit LoggingAllocator(Allocator backing, std::FILE* stream = stderr) noexcept
      : backing_(backing), stream_(stream) {}
  LoggingAllocator(const LoggingAllocator&) = delete;
  LoggingAllocator& operator=(const LoggingAllocator&) = delete;

  // This as an Allocator, valid as long as the object is.
  [[nodiscard]] constexpr Allocator allocator() noexcept { return Allocator::of(*this); }

  [[nodiscard]] void* raw_alloc(std::size_t size, std::size_t alignment,
                                const Description& description) noexcept {
    void* const block = backing_.raw_alloc(size, alignment, description);
    Line line;
    line.add("alloc %zu align %zu = ", size, alignment);
    line.add_block(block);
    write(line, description);
    return block;
  }
  [[nodiscard]] bool raw_resize(void* block, std::size_t size, std::size_t alignment, std::size_t new_size,
                                const Description& description) noexcept {
    const bool done = backing_.raw_resize(block, size, alignment, new_size, description);
    Line line;
    line.add("resize %p %zu -> %zu align %zu = %s", block, size, new_size, alignment,
             done ? "done" : "refused");
    write(line, description);
    return done;
  }
  [[nodiscard]] void* raw_remap(void* block, std::size_t size, std::size_t alignment, std::size_t new_size,
                                const Description& description) noexcept {
    // Written before the call in part: the old block may be gone after it.
    Line line;
    line.add("remap %p %zu -> %zu align %zu = ", block, size, new_size, alignment);
    void* const moved = backing_.raw_remap(block, size, alignment, new_size, description);
    line.add_block(moved);
    write(line, description);
    return moved;
  }
  void raw_free(void* block, std::size_t size, std::size_t alignment,
                const Description& description) noexcept {
    Line line;
    line.add("free %p %zu align %zu", block, size, alignment);
    backing_.raw_free(block, size, alignment, description);
    write(line, description);
  }

 private:
  class Line {
   public:
    template <class... Values>
    void add(const char* format, Values... values) noexcept {
      const std::size_t room = sizeof text_ - 1 - used_;  // the last byte but one is for the newline
      const int length = std::snprintf(text_ + used_, room, format, values...);
      const std::size_t wanted = length < 0 ? 0 : static_cast<std::size_t>(length);
      used_ += wanted < room ? wanted : room - 1;
    }
    void add_block(const void* block) noexcept {
      if (block == nullptr) {
        add("%s", "refused");
      } else {
        add("%p", block);
      }
    }
    [[nodiscard]] const char* ended() noexcept {
      text_[used_] = '\n';
      text_[used_ + 1] = '\0';
      return text_;
    }

   private:
    char text_[512];
    std::size_t used_ = 0;
  };

  void write(Line& line, const Description& description) const noexcept {
    if (description.text() != nullptr) {
      line.add(" %.300s", description.text());
    }
    if (description.line() != 0) {
      line.add(" (%s:%d)", description.place().file_name(), description.line());
    }
    std::fputs(line.ended(), stream_);
  }

  Allocator backing_;
  std::FILE* stream_;
};

}  // namespace ar

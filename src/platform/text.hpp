// Writing text without the C library's streams: to a file descriptor through a buffer on the stack.
// Safe in signal handlers and inside malloc. Leaves errno alone.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ar::platform {

class TextWriter {
 public:
  explicit TextWriter(int descriptor) noexcept : descriptor_(descriptor) {}
  ~TextWriter() { flush(); }
  TextWriter(const TextWriter&) = delete;
  TextWriter& operator=(const TextWriter&) = delete;

  TextWriter& text(const char* string) noexcept;  // null writes nothing
  TextWriter& bytes(const char* data, std::size_t size) noexcept;
  // One line, whatever the text holds: invisible controls become \n, \t and \xNN, so that no description can
  // begin a line of its own, turn the direction of writing or give orders to a terminal; what looks like an
  // address to be symbolized is broken up. Null writes nothing.
  TextWriter& printable(const char* string) noexcept;
  TextWriter& number(std::uint64_t value) noexcept;             // decimal
  TextWriter& hex(std::uint64_t value) noexcept;                // 0x…
  TextWriter& padded(std::uint64_t value, int width) noexcept;  // decimal, zeros in front
  void flush() noexcept;
  [[nodiscard]] int error() const noexcept { return error_; }  // 0, or errno of the first failed write

 private:
  static constexpr std::size_t capacity_ = 1024;
  char buffer_[capacity_];
  std::size_t used_ = 0;
  int descriptor_;
  int error_ = 0;
};

}  // namespace ar::platform

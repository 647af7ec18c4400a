#include "platform/text.hpp"

#include <sys/syscall.h>

#include <cerrno>
#include <cstring>

#include "platform/system_call.hpp"

namespace ar::platform {

TextWriter& TextWriter::bytes(const char* data, std::size_t size) noexcept {
  while (size > 0) {
    if (used_ == capacity_) {
      flush();
    }
    const std::size_t part = size < capacity_ - used_ ? size : capacity_ - used_;
    std::memcpy(buffer_ + used_, data, part);
    used_ += part;
    data += part;
    size -= part;
  }
  return *this;
}

TextWriter& TextWriter::text(const char* string) noexcept {
  return string == nullptr ? *this : bytes(string, std::strlen(string));
}

TextWriter& TextWriter::padded(std::uint64_t value, int width) noexcept {
  char digits[20];
  int count = 0;
  do {
    digits[sizeof digits - 1 - static_cast<std::size_t>(count++)] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0 || (count < width && count < static_cast<int>(sizeof digits)));
  return bytes(digits + sizeof digits - count, static_cast<std::size_t>(count));
}

TextWriter& TextWriter::number(std::uint64_t value) noexcept { return padded(value, 1); }

TextWriter& TextWriter::hex(std::uint64_t value) noexcept {
  char digits[18];
  std::size_t first = sizeof digits;
  do {
    digits[--first] = "0123456789abcdef"[value & 0xfU];
    value >>= 4U;
  } while (value != 0);
  digits[--first] = 'x';
  digits[--first] = '0';
  return bytes(digits + first, sizeof digits - first);
}

void TextWriter::flush() noexcept {
  const char* next = buffer_;
  while (used_ > 0) {
    const long written =
        system_call(SYS_write, descriptor_, reinterpret_cast<long>(next), static_cast<long>(used_));
    if (written == -EINTR) {
      continue;
    }
    if (written < 0) {
      error_ = error_ == 0 ? static_cast<int>(-written) : error_;
      break;
    }
    next += written;
    used_ -= static_cast<std::size_t>(written);
  }
  used_ = 0;
}

}  // namespace ar::platform

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

namespace {

// Length of the UTF-8 sequence at the start that programs obey instead of showing it: a control of terminals
// or of the direction of writing, or an end of line. 0 if it is none. (profile::is_invisible_control)
std::size_t invisible_length(const char* string) noexcept {
  const auto byte = [&](int i) { return static_cast<unsigned char>(string[i]); };
  if (byte(0) < ' ' || byte(0) == 0x7f) {
    return 1;
  }
  if ((byte(0) == 0xc2 && byte(1) >= 0x80 && byte(1) <= 0x9f) || (byte(0) == 0xd8 && byte(1) == 0x9c)) {
    return 2;  // U+0080 to U+009F, U+061C
  }
  if (byte(0) != 0xe2) {
    return 0;
  }
  const bool is_mark = byte(1) == 0x80 && (byte(2) == 0x8e || byte(2) == 0x8f);      // U+200E, U+200F
  const bool turns_or_ends = byte(1) == 0x80 && byte(2) >= 0xa8 && byte(2) <= 0xae;  // U+2028 to U+202E
  const bool isolates = byte(1) == 0x81 && byte(2) >= 0xa6 && byte(2) <= 0xa9;       // U+2066 to U+2069
  return is_mark || turns_or_ends || isolates ? 3 : 0;
}

}  // namespace

TextWriter& TextWriter::printable(const char* string) noexcept {
  if (string == nullptr) {
    return *this;
  }
  const bool like_address = std::strstr(string, "[[") != nullptr && std::strstr(string, "|0x") != nullptr;
  for (const char* next = string; *next != '\0';) {
    std::size_t escaped = invisible_length(next);
    if (*next == '\n' || *next == '\t') {
      text(*next == '\n' ? "\\n" : "\\t");
      ++next;
      continue;
    }
    if (like_address && *next == '[') {
      escaped = 1;
    }
    if (escaped == 0) {
      bytes(next++, 1);
    }
    for (; escaped > 0; --escaped, ++next) {
      const auto code = static_cast<unsigned char>(*next);
      const char digits[] = {'\\', 'x', "0123456789abcdef"[code >> 4U], "0123456789abcdef"[code & 0xfU]};
      bytes(digits, sizeof digits);
    }
  }
  return *this;
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

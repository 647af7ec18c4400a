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

// Length of the well-formed UTF-8 sequence at the start; 0 if there is none. Its bytes are those before the
// NUL.
std::size_t sequence_length(const char* string) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(string[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) {
    return 1;
  }
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || (lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xf0 && byte(1) < 0x90)) {
    return 0;
  }
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) {
      return 0;
    }
  }
  return length;
}

// Whether programs obey what stands at the start, a sequence of that length, instead of showing it: a control
// of terminals or of the direction of writing, an end of line, or what has no width. A byte that is in no
// sequence is a control of terminals that read eight bits. (profile::is_invisible_control)
bool is_invisible(const char* string, std::size_t length) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(string[i]); };
  switch (length) {
    case 0:
      return byte(0) >= 0x80 && byte(0) <= 0x9f;
    case 1:
      return byte(0) < ' ' || byte(0) == 0x7f;
    case 2:  // U+0080 to U+009F, U+061C
      return (byte(0) == 0xc2 && byte(1) <= 0x9f) || (byte(0) == 0xd8 && byte(1) == 0x9c);
    case 3: {
      const unsigned last = byte(2);
      const bool is_low = byte(0) == 0xe2 && byte(1) == 0x80;   // U+2000 to U+203F
      const bool is_high = byte(0) == 0xe2 && byte(1) == 0x81;  // U+2040 to U+207F
      return (is_low && (last == 0x8b || last == 0x8e || last == 0x8f || (last >= 0xa8 && last <= 0xae))) ||
             (is_high && ((last >= 0xa0 && last <= 0xa4) || (last >= 0xa6 && last <= 0xa9))) ||
             (byte(0) == 0xef && byte(1) == 0xbb && last == 0xbf);  // U+FEFF
    }
    default:  // U+E0000 to U+E007F
      return byte(0) == 0xf3 && byte(1) == 0xa0 && byte(2) <= 0x81;
  }
}

}  // namespace

TextWriter& TextWriter::printable(const char* string) noexcept {
  if (string == nullptr) {
    return *this;
  }
  const bool like_address = std::strstr(string, "[[") != nullptr && std::strstr(string, "|0x") != nullptr;
  for (const char* next = string; *next != '\0';) {
    if (*next == '\n' || *next == '\t') {
      text(*next == '\n' ? "\\n" : "\\t");
      ++next;
      continue;
    }
    const std::size_t sequence = sequence_length(next);
    const std::size_t length = sequence == 0 ? 1 : sequence;
    std::size_t escaped = is_invisible(next, sequence) || (like_address && *next == '[') ? length : 0;
    if (escaped == 0) {
      bytes(next, length);
      next += length;
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

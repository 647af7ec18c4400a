// A file's bytes, and what kind of file it is.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

namespace ar::command::binary {

// A regular file's bytes, mapped privately. The file must not shrink while it is looked at.
class Input {
 public:
  // The error is a sentence without full stop: "cannot be read: …", "is a folder".
  [[nodiscard]] static std::expected<Input, std::string> open(const std::string& path);
  Input(Input&& other) noexcept;
  Input& operator=(Input&&) = delete;
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;
  ~Input();

  [[nodiscard]] std::string_view bytes() const { return {address_, size_}; }

 private:
  Input(char* address, std::size_t size) : address_(address), size_(size) {}

  char* address_;
  std::size_t size_;
};

enum class Format : std::uint8_t { elf, archive, thin_archive, other };

[[nodiscard]] Format format_of(std::string_view bytes);

// What a file of format `other` is, as far as its first bytes tell: a sentence without full stop that begins
// with "is".
[[nodiscard]] std::string foreign_kind(std::string_view bytes);

}  // namespace ar::command::binary

// The pieces of JSON that a safetensors header is made of. Each function leaves the place of a mistake where
// it was found, and says what was expected.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ar::ml::safetensors {

class JsonReader {
 public:
  explicit JsonReader(std::string_view text) noexcept : text_(text) {}

  // Skips white space; then whether the next character is this one, and if so takes it.
  [[nodiscard]] bool take(char wanted) noexcept;
  // As take, and a mistake when it is another.
  [[nodiscard]] bool expect(char wanted);
  // A string with its escapes undone, as UTF-8.
  [[nodiscard]] bool string(std::string& result);
  // Skips white space; then whether this word (null, true, false) comes next, and if so takes it.
  [[nodiscard]] bool take_word(std::string_view word) noexcept;
  // Skips one value of any kind. Nesting costs a byte per level and no recursion.
  [[nodiscard]] bool skip_value();
  // Plain digits below 2^64.
  [[nodiscard]] bool number(std::uint64_t& result);
  // Whether only white space is left; a mistake otherwise.
  [[nodiscard]] bool end();

  // What was wrong, and where: "byte 12: …"; of the first mistake.
  [[nodiscard]] const std::string& mistake() const noexcept { return mistake_; }
  // Whether the mistake is a number of 2^64 or more.
  [[nodiscard]] bool overflowed() const noexcept { return overflowed_; }
  // Notes a mistake at the current place; false.
  bool wrong(const std::string& what);

 private:
  void skip_space() noexcept;
  [[nodiscard]] bool skip_number();
  [[nodiscard]] bool skip_scalar();
  [[nodiscard]] bool escape(std::string& result);
  [[nodiscard]] bool hex4(std::uint32_t& unit);

  std::string_view text_;
  std::size_t at_ = 0;
  std::string mistake_;
  bool overflowed_ = false;
};

}  // namespace ar::ml::safetensors

// Numbers and names as people read them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ar::profile {

// 1234567 -> "1,234,567".
[[nodiscard]] std::string with_separators(std::uint64_t value);

// 512 -> "512 B", 1536 -> "1.5 KiB", and so on to EiB: three significant digits or more, never "1024 KiB".
[[nodiscard]] std::string as_size(std::uint64_t bytes);

// "1 block", "2 blocks", "1,000 blocks".
[[nodiscard]] std::string counted(std::uint64_t count, std::string_view noun);

// The share of `part` in `whole` in whole per cent: "42 %", "<1 %" for what rounds to nothing, ">99 %" for
// what rounds to everything, and "0 %" when whole is 0.
[[nodiscard]] std::string as_share(std::uint64_t part, std::uint64_t whole);

// The well-formed UTF-8 sequence at the start of a text; length 0 if there is none.
struct CodePoint {
  std::uint32_t value = 0;
  std::size_t length = 0;  // in bytes
};
[[nodiscard]] CodePoint first_code_point(std::string_view text);

// Whether programs obey the character or pass it over instead of showing it: controls of terminals, of the
// direction of writing, ends of lines, and what has no width. With them a text could change what stands
// around it, or look like another.
[[nodiscard]] bool is_invisible_control(std::uint32_t code);

// One line that shows all of a text that others may have written: invisible controls and bytes that are no
// UTF-8 become \n, \t, \x1b, \u202e. All that people read and that comes from a file goes through this.
[[nodiscard]] std::string printable(std::string_view text);

// The same of a line whose tabs are to stay.
[[nodiscard]] std::string printable_with_tabs(std::string_view line);

// The same as `printable` between single quotes.
[[nodiscard]] std::string in_quotes(std::string_view text);

// Two digits for each byte: {0x0a, 0xff} -> "0aff".
[[nodiscard]] std::string hexadecimal(std::span<const std::uint8_t> bytes);

// The last part of a path: "/usr/lib/libc.so.6" -> "libc.so.6".
[[nodiscard]] std::string_view file_name(std::string_view path);

// What the system says of a value of errno: "No such file or directory".
[[nodiscard]] std::string reason(int error);

// Rows of cells in aligned columns: all but the last to the right, the last to the left and ragged.
class Table {
 public:
  explicit Table(std::vector<std::string> heading) : heading_(std::move(heading)) {}
  void add(std::vector<std::string> row) { rows_.push_back({std::move(row), {}}); }
  // As `add`, with lines under the last cell, indented by two.
  void add(std::vector<std::string> row, std::vector<std::string> below) {
    rows_.push_back({std::move(row), std::move(below)});
  }
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  // Each line begins with two spaces and ends with a newline. The heading is put between `emphasis` and
  // `plain` (terminal sequences, or nothing).
  [[nodiscard]] std::string text(std::string_view emphasis, std::string_view plain) const;

 private:
  struct Row {
    std::vector<std::string> cells;
    std::vector<std::string> below;
  };
  std::vector<std::string> heading_;
  std::vector<Row> rows_;
};

}  // namespace ar::profile

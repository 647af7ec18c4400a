// Rows of cells, aligned to the left.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace ar::command::check {

class LeftAlignedTable {
 public:
  explicit LeftAlignedTable(std::vector<std::string> heading) : rows_{std::move(heading)} {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  [[nodiscard]] bool empty() const { return rows_.size() == 1; }
  // Each line begins with two spaces and ends with a newline, without spaces before it.
  [[nodiscard]] std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace ar::command::check

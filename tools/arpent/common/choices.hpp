// Options whose values are the names of a table's rows.
#pragma once

#include <iterator>
#include <string>
#include <vector>

namespace ar::command {

// Of rows that have a `name`, in their order.
template <typename Rows>
[[nodiscard]] std::vector<std::string> names_of(const Rows& rows) {
  std::vector<std::string> names;
  names.reserve(std::size(rows));
  for (const auto& row : rows) {
    names.emplace_back(row.name);
  }
  return names;
}

// "text, json or html".
[[nodiscard]] std::string either(const std::vector<std::string>& names);

}  // namespace ar::command

// Lifetimes as rows of comma-separated values, in the format of the MiniMalloc benchmarks: a heading that
// names the columns id, lower, upper and size, in any order, then a row a tensor, alive in [lower, upper).
// Fields may be quoted as in RFC 4180, without line breaks inside. Other columns are kept and ignored; but
// those that would change the plan (alignment, gaps) are refused.
#pragma once

#include <arpent/ml/plan.hpp>
#include <cstddef>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ar::command::plan {

struct LifetimeRows {
  std::string heading;                       // as it was, without the end of the line
  std::vector<std::string> ids;              // unquoted
  std::vector<std::string> rows;             // as they were, without the end of the line
  std::vector<std::size_t> lines;            // number of each row's line in the file, from 1
  std::vector<ml::Lifetime> lifetimes;       // upper > lower
  std::optional<std::size_t> offset_column;  // where the file has one already
};

// The error names the line, as in "line 3: size '-4' is no number of bytes", without full stop.
[[nodiscard]] std::expected<LifetimeRows, std::string> read_lifetimes(std::string_view text);

// The same rows with the column `offset`: the last one, or in the place of the one that was there. What
// terminals would obey is escaped.
[[nodiscard]] std::string with_offsets(const LifetimeRows& rows, std::span<const std::size_t> offsets);

}  // namespace ar::command::plan

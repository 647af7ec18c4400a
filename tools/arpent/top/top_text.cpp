#include "arpent/top/top_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "profile/model/text_format.hpp"

namespace ar::command {
namespace {

struct Column {
  TopOrder order;
  std::string_view heading;
  int width;
};
constexpr std::array columns{
    Column{TopOrder::live, "live", 10},     Column{TopOrder::grown, "grown", 12},
    Column{TopOrder::peak, "at peak", 11},  Column{TopOrder::allocations, "blocks/s", 11},
    Column{TopOrder::bytes, "bytes/s", 13}, Column{TopOrder::temporary, "temporary/s", 14}};

constexpr int least_for_name = 30;

const Column& column_of(TopOrder order) { return *std::ranges::find(columns, order, &Column::order); }

std::string signed_size(std::int64_t bytes) {
  if (bytes == 0) {
    return "–";
  }
  const std::uint64_t amount =
      bytes < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(bytes) : static_cast<std::uint64_t>(bytes);
  return fmt::format("{}{}", bytes < 0 ? "−" : "+", profile::as_size(amount));
}

std::uint64_t rounded(double value) { return static_cast<std::uint64_t>(std::llround(value)); }

std::string count_or_dash(double value) {
  return value < 0.5 ? "–" : profile::with_separators(rounded(value));
}

std::string size_or_dash(double value) { return value < 0.5 ? "–" : profile::as_size(rounded(value)); }

std::string cell(const LiveFigures& figures, TopOrder order) {
  switch (order) {
    case TopOrder::live:
      return profile::as_size(figures.live.bytes);
    case TopOrder::grown:
      return signed_size(figures.grown);
    case TopOrder::peak:
      return profile::as_size(figures.peak_bytes);
    case TopOrder::allocations:
      return count_or_dash(figures.allocations);
    case TopOrder::bytes:
      return size_or_dash(figures.bytes);
    case TopOrder::temporary:
      return count_or_dash(figures.temporary);
  }
  return {};
}

}  // namespace

std::vector<std::string> summary_lines(const LiveSites& process) {
  const profile::Profile& of = process.profile();
  const LiveFigures total = process.total();
  return {
      fmt::format("{} (pid {}): {} live in {}, {} at the peak",
                  profile::printable(profile::file_name(of.program)), of.pid,
                  profile::as_size(total.live.bytes), profile::counted(total.live.blocks, "block"),
                  profile::as_size(total.peak_bytes)),
      fmt::format("{} in {:.0f} s; {} blocks/s, {}/s, {} of these freed at once", signed_size(total.grown),
                  process.seconds_since_mark(), profile::with_separators(rounded(total.allocations)),
                  profile::as_size(rounded(total.bytes)),
                  profile::as_share(rounded(total.temporary), rounded(total.allocations)))};
}

TopColumns::TopColumns(TopOrder order, int width) : order_(order) {
  for (const Column& column : columns) {
    shown_.push_back(column.order);
  }
  for (const TopOrder least : {TopOrder::temporary, TopOrder::bytes, TopOrder::peak, TopOrder::allocations,
                               TopOrder::grown, TopOrder::live}) {
    if (width != unlimited && this->width() + least_for_name > width && least != order) {
      std::erase(shown_, least);
    }
  }
}

int TopColumns::width() const {
  int sum = 0;
  for (const TopOrder order : shown_) {
    sum += column_of(order).width + 1;
  }
  return sum + 2;
}

std::string TopColumns::heading() const {
  std::string line;
  for (const TopOrder order : shown_) {
    const Column& column = column_of(order);
    const std::string name =
        order == order_ ? fmt::format("[{}]", column.heading) : fmt::format("{} ", column.heading);
    line += fmt::format("{:>{}}", name, column.width + 1);
  }
  return line + "  site";
}

std::string TopColumns::row(const LiveSite& site) const {
  std::string line;
  for (const TopOrder order : shown_) {
    line += fmt::format("{:>{}} ", cell(site.figures, order), column_of(order).width);
  }
  return line + "  " + site.label;
}

}  // namespace ar::command

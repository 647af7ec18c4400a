#include "profile/write/profile_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "profile/model/text_format.hpp"
#include "profile/write/owner_table.hpp"

namespace ar::profile {

std::string ProfileText::allocated() const {
  const Totals& totals = profile_.totals;
  return fmt::format("{}, {} in all; {} freed", counted(totals.allocations, "block"),
                     as_size(totals.allocated_bytes), with_separators(totals.frees));
}

std::string ProfileText::peak() {
  std::string text = fmt::format("{} live at once", as_size(profile_.peak_bytes));
  const std::vector<Group> sites = rows(Grouping::site, [](const Site& site) { return site.peak.bytes; });
  const std::uint64_t all = profile_.totals.peak.bytes;
  if (sites.empty() || all == 0) {
    return text;
  }
  text += fmt::format("; {} of it from one site", as_share(sites.front().sum.peak.bytes, all));
  if (sites.size() > 3) {
    std::uint64_t three = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      three += sites[i].sum.peak.bytes;
    }
    text += fmt::format(", {} from three", as_share(three, all));
  }
  return text;
}

std::string ProfileText::temporary() const {
  const Totals& totals = profile_.totals;
  return fmt::format("{} ({}) freed before the next allocation of the same thread",
                     counted(totals.temporary, "block"), as_share(totals.temporary, totals.allocations));
}

std::string ProfileText::leaks(std::string_view why_not_scanned) const {
  const Totals& totals = profile_.totals;
  if (!why_not_scanned.empty()) {
    return fmt::format("not scanned ({}); live at its end: {}, {}", why_not_scanned,
                       counted(totals.live.blocks, "block"), as_size(totals.live.bytes));
  }
  std::string text = totals.lost.blocks == 0 ? std::string{"nothing definitely lost"}
                                             : fmt::format("{}definitely lost: {}, {}{}", style_.alarm,
                                                           counted(totals.lost.blocks, "block"),
                                                           as_size(totals.lost.bytes), style_.plain);
  const auto add = [&](std::string_view name, const BlocksAndBytes& what) {
    text += fmt::format("; {}: {}, {}", name, counted(what.blocks, "block"), as_size(what.bytes));
  };
  add("still reachable", totals.reachable);
  if (totals.runtime.blocks != 0) {
    add("the runtime's own", totals.runtime);
  }
  if (totals.intentional.blocks != 0) {
    add("intentional", totals.intentional);
  }
  if (totals.suppressed.blocks != 0) {
    add("suppressed", totals.suppressed);
  }
  return text;
}

std::string ProfileText::wrong_releases() const {
  if (profile_.mismatches == 0) {
    return {};
  }
  return fmt::format(
      "{}{} did not fit: a double free, a pointer that was never allocated, or a pair such as new[] and "
      "delete.{}",
      style_.alarm, counted(profile_.mismatches, "release"), style_.plain);
}

std::string ProfileText::table(std::string_view title, std::vector<std::string> columns,
                               const std::function<std::uint64_t(const Site&)>& figure,
                               const std::function<std::vector<std::string>(const Site&)>& cells) {
  const std::vector<Group> sites = rows(Grouping::site, figure);
  if (sites.empty() || options_.top == 0) {
    return {};
  }
  const std::size_t shown = std::min(sites.size(), options_.top);
  Table aligned{std::move(columns)};
  for (std::size_t i = 0; i < shown; ++i) {
    std::vector<std::string> row = cells(sites[i].sum);
    row.push_back(sites[i].label);
    aligned.add(std::move(row));
  }
  return table_title(title, shown, sites.size(), style_) + aligned.text("", "");
}

std::string ProfileText::tables(bool leaks_are_known) {
  const Totals& totals = profile_.totals;
  std::string text = table(
      "Definitely lost", {"bytes", "blocks", "site"},
      [](const Site& site) {
        return site.intentional ? 0 : site.lost.bytes + (site.lost.blocks != 0 ? 1 : 0);
      },
      [](const Site& site) {
        return std::vector{as_size(site.lost.bytes), with_separators(site.lost.blocks)};
      });
  if (!leaks_are_known) {
    text += table(
        "Live at its end", {"bytes", "blocks", "site"}, [](const Site& site) { return site.live.bytes; },
        [](const Site& site) {
          return std::vector{as_size(site.live.bytes), with_separators(site.live.blocks)};
        });
  }
  text += table(
      "Live at the peak", {"bytes", "share", "blocks", "site"},
      [](const Site& site) { return site.peak.bytes; },
      [&](const Site& site) {
        return std::vector{as_size(site.peak.bytes), as_share(site.peak.bytes, totals.peak.bytes),
                           with_separators(site.peak.blocks)};
      });
  text += table(
      "Allocations", {"blocks", "share", "bytes", "site"}, [](const Site& site) { return site.allocations; },
      [&](const Site& site) {
        return std::vector{with_separators(site.allocations), as_share(site.allocations, totals.allocations),
                           as_size(site.allocated_bytes)};
      });
  text += table(
      "Temporary allocations", {"blocks", "of its own", "site"},
      [](const Site& site) { return site.temporary; },
      [](const Site& site) {
        return std::vector{with_separators(site.temporary), as_share(site.temporary, site.allocations)};
      });
  text += owner_table(frames_, options_.top, style_);
  return text;
}

}  // namespace ar::profile

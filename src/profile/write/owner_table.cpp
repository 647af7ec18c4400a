#include "profile/write/owner_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "profile/model/call_sites.hpp"
#include "profile/model/text_format.hpp"
#include "profile/symbols/site_label.hpp"

namespace ar::profile {
namespace {

using Row = std::pair<std::string, Site>;  // the label, and what was allocated

auto weight(const Site& site) { return std::tuple{site.peak.bytes, site.live.bytes, site.allocated_bytes}; }

void sort(std::vector<Row>& rows) {
  std::ranges::stable_sort(
      rows, [](const Row& left, const Row& right) { return weight(left.second) > weight(right.second); });
}

struct Rows {
  std::string label;
  Site sum;
  std::vector<Row> contents;
};

Rows rows_of(const Owner& owner, StackFrames& frames) {
  Rows rows{.label = fmt::format("{}  {} made, {} ended", site_label(owner.site, frames),
                                 with_separators(owner.site.allocations), with_separators(owner.site.frees)),
            .sum = {},
            .contents = {}};
  std::map<std::string, Site> by_label;  // stacks of one site are one row
  for (const Site& site : owner.contents) {
    add_figures(by_label[site_label(site, frames)], site);
    add_figures(rows.sum, site);
  }
  rows.contents.assign(by_label.begin(), by_label.end());
  sort(rows.contents);
  return rows;
}

std::vector<std::string> cells(const Site& site, std::string label) {
  return {as_size(site.peak.bytes), as_size(site.live.bytes), as_size(site.allocated_bytes),
          with_separators(site.allocations), std::move(label)};
}

}  // namespace

std::string owner_table(StackFrames& frames, std::size_t top, const Style& style) {
  const Profile& profile = frames.profile();
  if (profile.owners.empty() || top == 0) {
    return {};
  }
  std::vector<Rows> owners;
  owners.reserve(profile.owners.size());
  for (const Owner& owner : profile.owners) {
    owners.push_back(rows_of(owner, frames));
  }
  std::ranges::stable_sort(
      owners, [](const Rows& left, const Rows& right) { return weight(left.sum) > weight(right.sum); });
  Table table{{"peak", "live", "total", "blocks", "arena or buffer, and what was allocated from it"}};
  const std::size_t shown = std::min(owners.size(), top);
  for (std::size_t i = 0; i < shown; ++i) {
    const Rows& rows = owners[i];
    table.add(cells(rows.sum, rows.label));
    const std::size_t inside = std::min(rows.contents.size(), top);
    for (std::size_t j = 0; j < inside; ++j) {
      table.add(cells(rows.contents[j].second, "  " + rows.contents[j].first));
    }
    if (inside < rows.contents.size()) {
      table.add({"", "", "", "",
                 fmt::format("  and {} more sites", with_separators(rows.contents.size() - inside))});
    }
  }
  return table_title("Arenas and buffers; their memory is counted above, where it came from", shown,
                     owners.size(), style) +
         table.text("", "");
}

}  // namespace ar::profile

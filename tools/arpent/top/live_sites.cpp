#include "arpent/top/live_sites.hpp"

#include <algorithm>
#include <utility>

#include "profile/symbols/site_label.hpp"

namespace ar::command {
namespace {

char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

bool contains(std::string_view text, std::string_view wanted) {
  return !std::ranges::search(text, wanted, {}, lower, lower).empty() || wanted.empty();
}

double value_of(const LiveFigures& figures, TopOrder order) {
  switch (order) {
    case TopOrder::live:
      return static_cast<double>(figures.live.bytes);
    case TopOrder::grown:
      return static_cast<double>(figures.grown);
    case TopOrder::peak:
      return static_cast<double>(figures.peak_bytes);
    case TopOrder::allocations:
      return figures.allocations;
    case TopOrder::bytes:
      return figures.bytes;
    case TopOrder::temporary:
      return figures.temporary;
  }
  return 0;
}

// Counters are read while they are written: one may seem to have gone back.
double rate(std::uint64_t now, std::uint64_t before, double seconds) {
  return seconds > 0 && now > before ? static_cast<double>(now - before) / seconds : 0;
}

}  // namespace

std::string_view name_of(TopOrder order) {
  switch (order) {
    case TopOrder::live:
      return "live";
    case TopOrder::grown:
      return "grown";
    case TopOrder::peak:
      return "peak";
    case TopOrder::allocations:
      return "allocations";
    case TopOrder::bytes:
      return "bytes";
    case TopOrder::temporary:
      return "temporary";
  }
  return {};
}

std::optional<TopOrder> top_order_named(std::string_view name) {
  const auto* const found =
      std::ranges::find_if(all_top_orders, [&](TopOrder order) { return name_of(order) == name; });
  return found == all_top_orders.end() ? std::nullopt : std::optional{*found};
}

bool LiveSites::continues(const profile::Profile& next) const {
  return has_looked_ && next.pid == profile_.pid && next.program == profile_.program &&
         next.command_line == profile_.command_line && next.start_time == profile_.start_time &&
         next.totals.allocations >= profile_.totals.allocations;
}

const std::string& LiveSites::label_of(const profile::Site& site, profile::StackFrames& frames) {
  const auto [known, is_new] = labels_.try_emplace(site.index);
  if (is_new) {
    known->second = site_label(site, frames);
  }
  return known->second;
}

void LiveSites::look(profile::Profile profile, double seconds) {
  const bool begins = !continues(profile);
  profile_ = std::move(profile);
  before_ = now_;
  now_ = seconds;
  last_ = std::exchange(all_, {});
  sums_before_ = std::exchange(sums_, {});
  if (begins) {
    labels_.clear();
  }
  profile::StackFrames frames{profile_, symbolizer_};
  for (std::size_t i = 0; i < profile_.sites.size(); ++i) {
    const profile::Site& site = profile_.sites[i];
    if (site.allocations == 0) {
      continue;
    }
    Sums& sums = sums_[label_of(site, frames)];
    if (site.live.bytes > sums.largest_bytes || sums.allocations == 0) {
      sums.largest_site = static_cast<std::uint32_t>(i);
      sums.largest_bytes = site.live.bytes;
    }
    for (Sums* const sum : {&sums, &all_}) {
      sum->live += site.live;
      sum->peak_bytes += site.peak.bytes;
      sum->allocations += site.allocations;
      sum->bytes += site.allocated_bytes;
      sum->temporary += site.temporary;
    }
  }
  all_.peak_bytes = profile_.peak_bytes;
  if (begins) {
    before_ = now_;
    last_ = all_;
    sums_before_ = sums_;
    has_looked_ = true;
    mark();
  }
}

void LiveSites::mark() {
  marked_bytes_.clear();
  for (const auto& [label, sums] : sums_) {
    marked_bytes_.emplace(label, sums.live.bytes);
  }
  marked_ = all_.live.bytes;
  marked_at_ = now_;
}

LiveFigures LiveSites::figures_of(const Sums& now, const Sums& before, std::uint64_t marked) const {
  const double seconds = now_ - before_;
  return {.live = now.live,
          .grown = static_cast<std::int64_t>(now.live.bytes - marked),
          .peak_bytes = now.peak_bytes,
          .allocations = rate(now.allocations, before.allocations, seconds),
          .bytes = rate(now.bytes, before.bytes, seconds),
          .temporary = rate(now.temporary, before.temporary, seconds)};
}

std::vector<LiveSite> LiveSites::sites(TopOrder order, std::string_view filter) const {
  std::vector<LiveSite> rows;
  for (const auto& [label, sums] : sums_) {
    if (!contains(label, filter)) {
      continue;
    }
    const auto before = sums_before_.find(label);
    const auto marked = marked_bytes_.find(label);
    rows.push_back({.label = label,
                    .figures = figures_of(sums, before == sums_before_.end() ? Sums{} : before->second,
                                          marked == marked_bytes_.end() ? 0 : marked->second)});
  }
  std::ranges::stable_sort(rows, std::greater{},
                           [order](const LiveSite& row) { return value_of(row.figures, order); });
  return rows;
}

std::vector<std::string> LiveSites::callers(const std::string& label) {
  const auto found = sums_.find(label);
  if (found == sums_.end()) {
    return {};
  }
  profile::StackFrames frames{profile_, symbolizer_};
  return callers_of(profile_.sites.at(found->second.largest_site), frames);
}

}  // namespace ar::command

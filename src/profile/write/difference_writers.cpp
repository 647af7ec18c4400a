#include "profile/write/difference_writers.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "profile/model/text_format.hpp"
#include "profile/write/json.hpp"

namespace ar::profile {
namespace {

constexpr int difference_format = 1;

// A caller repeats in many stacks. When this is used up, the rest is left out.
constexpr std::size_t most_text_of_callers = std::size_t{64} << 20U;
constexpr std::size_t text_around_caller = 64;

std::uint64_t magnitude(std::int64_t value) {
  return value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
}

std::string signed_text(std::int64_t value, Metric metric) {
  return fmt::format("{}{}", value < 0 ? "-" : value > 0 ? "+" : "", shown(magnitude(value), metric));
}

std::string growth_text(std::uint64_t before, std::uint64_t after, Metric metric) {
  const auto growth = static_cast<std::int64_t>(after - before);
  std::string text =
      fmt::format("{} -> {}: {}", shown(before, metric), shown(after, metric), signed_text(growth, metric));
  if (growth == 0) {
    return fmt::format("{}, as before", shown(before, metric));
  }
  if (before != 0) {
    text += fmt::format(" ({:+.1f} %)", 100.0 * static_cast<double>(growth) / static_cast<double>(before));
  }
  return text;
}

std::size_t count_of(const Difference& difference, Change change) {
  return static_cast<std::size_t>(std::ranges::count(difference.sites, change, &ChangedSite::change));
}

std::vector<std::string> callers_of(const Difference& difference, const ChangedSite& site) {
  std::vector<std::string> lines;
  lines.reserve(site.callers.size());
  for (const std::uint32_t line : site.callers) {
    lines.push_back(difference.lines[line]);
  }
  return lines;
}

std::string table(std::string_view title, const std::vector<const ChangedSite*>& sites,
                  const Difference& difference, const TextOptions& options, const Style& style) {
  const Metric metric = difference.metric;
  if (sites.empty() || options.top == 0) {
    return {};
  }
  Table aligned{{"growth", "before", "after", "", "site"}};
  const std::size_t count = std::min(sites.size(), options.top);
  for (std::size_t i = 0; i < count; ++i) {
    const ChangedSite& site = *sites[i];
    const bool one_sided = site.change == Change::created || site.change == Change::gone;
    aligned.add({signed_text(site.growth, metric), shown(value_of(site.before, metric), metric),
                 shown(value_of(site.after, metric), metric),
                 one_sided ? std::string{name_of(site.change)} : std::string{}, site.label},
                callers_of(difference, site));
  }
  return table_title(title, count, sites.size(), style) + aligned.text("", "");
}

Json figures(const Site& site) {
  Json json;
  for (const MetricRow& metric : metrics()) {
    json[std::string{metric.name}] = metric.of_site(site);
  }
  return json;
}

Json figures(const Totals& totals) {
  Json json;
  for (const MetricRow& metric : metrics()) {
    json[std::string{metric.name}] = metric.of_totals(totals);
  }
  return json;
}

}  // namespace

std::string text_difference(const Difference& difference, const DifferenceNames& names,
                            const TextOptions& options, const std::vector<std::string>& notes) {
  const Style style = style_for(options.colour);
  std::string out = heading(fmt::format("{} -> {}", printable(names.before), printable(names.after)), style);
  for (const MetricRow& metric : metrics()) {
    out += summary_line(
        metric.metric == Metric::allocations ? "blocks" : metric.name,
        growth_text(metric.of_totals(difference.before), metric.of_totals(difference.after), metric.metric),
        style);
  }
  out +=
      summary_line("sites",
                   fmt::format("by {}: {} new, {} grown, {} unchanged, {} shrunk, {} gone",
                               described(difference.metric), count_of(difference, Change::created),
                               count_of(difference, Change::grown), count_of(difference, Change::unchanged),
                               count_of(difference, Change::shrunk), count_of(difference, Change::gone)),
                   style);
  for (const std::string& note : notes) {
    out += summary_line("note", note, style);
  }
  std::vector<const ChangedSite*> grown;
  std::vector<const ChangedSite*> shrunk;
  for (const ChangedSite& site : difference.sites) {
    if (site.growth > 0) {
      grown.push_back(&site);
    } else if (site.growth < 0) {
      shrunk.push_back(&site);
    }
  }
  std::ranges::reverse(shrunk);
  out += table(fmt::format("Grew, by {}", described(difference.metric)), grown, difference, options, style);
  out +=
      table(fmt::format("Shrank, by {}", described(difference.metric)), shrunk, difference, options, style);
  return out;
}

std::string json_difference(const Difference& difference, const DifferenceNames& names,
                            std::string_view version, const std::vector<std::string>& notes) {
  Json json;
  json["arpent"] = {{"version", version}, {"format", difference_format}};
  json["before"] = {{"profile", names.before}, {"figures", figures(difference.before)}};
  json["after"] = {{"profile", names.after}, {"figures", figures(difference.after)}};
  json["measure"] = name_of(difference.metric);
  json["growth"] = difference.growth();
  json["notes"] = notes;
  json["sites"] = Json::array();
  std::size_t left = most_text_of_callers;
  for (const ChangedSite& site : difference.sites) {
    std::vector<std::string> callers;
    for (const std::uint32_t line : site.callers) {
      const std::size_t size = difference.lines[line].size() + text_around_caller;
      if (size > left) {
        callers.emplace_back("…");
        break;
      }
      left -= size;
      callers.push_back(difference.lines[line]);
    }
    json["sites"].push_back({{"label", site.label},
                             {"callers", callers},
                             {"change", name_of(site.change)},
                             {"growth", site.growth},
                             {"before", figures(site.before)},
                             {"after", figures(site.after)}});
  }
  return json.indented() + "\n";
}

}  // namespace ar::profile

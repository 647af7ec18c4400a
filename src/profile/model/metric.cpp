#include "profile/model/metric.hpp"

#include <algorithm>
#include <array>

#include "profile/model/text_format.hpp"

namespace ar::profile {
namespace {

constexpr std::array table{
    MetricRow{.metric = Metric::live,
              .name = "live",
              .description = "live bytes",
              .is_bytes = true,
              .of_site = [](const Site& site) { return site.live.bytes; },
              .of_totals = [](const Totals& totals) { return totals.live.bytes; }},
    MetricRow{.metric = Metric::peak,
              .name = "peak",
              .description = "bytes live at the peak",
              .is_bytes = true,
              .of_site = [](const Site& site) { return site.peak.bytes; },
              .of_totals = [](const Totals& totals) { return totals.peak.bytes; }},
    MetricRow{.metric = Metric::total,
              .name = "total",
              .description = "allocated bytes",
              .is_bytes = true,
              .of_site = [](const Site& site) { return site.allocated_bytes; },
              .of_totals = [](const Totals& totals) { return totals.allocated_bytes; }},
    MetricRow{.metric = Metric::allocations,
              .name = "allocations",
              .description = "allocations",
              .is_bytes = false,
              .of_site = [](const Site& site) { return site.allocations; },
              .of_totals = [](const Totals& totals) { return totals.allocations; }},
    MetricRow{.metric = Metric::temporary,
              .name = "temporary",
              .description = "temporary allocations",
              .is_bytes = false,
              .of_site = [](const Site& site) { return site.temporary; },
              .of_totals = [](const Totals& totals) { return totals.temporary; }},
    // Intentional and suppressed leaks are left out.
    MetricRow{.metric = Metric::leaked,
              .name = "leaked",
              .description = "definitely lost bytes",
              .is_bytes = true,
              .of_site = [](const Site& site) { return site.intentional ? 0 : site.lost.bytes; },
              .of_totals = [](const Totals& totals) { return totals.lost.bytes; }},
};

const MetricRow& row_of(Metric metric) { return *std::ranges::find(table, metric, &MetricRow::metric); }

}  // namespace

std::span<const MetricRow> metrics() { return table; }

std::optional<Metric> metric_named(std::string_view name) {
  const auto* const found = std::ranges::find(table, name, &MetricRow::name);
  return found == table.end() ? std::nullopt : std::optional{found->metric};
}

std::string_view name_of(Metric metric) { return row_of(metric).name; }
std::string_view described(Metric metric) { return row_of(metric).description; }
bool is_bytes(Metric metric) { return row_of(metric).is_bytes; }
std::uint64_t value_of(const Site& site, Metric metric) { return row_of(metric).of_site(site); }
std::uint64_t value_of(const Totals& totals, Metric metric) { return row_of(metric).of_totals(totals); }

std::string shown(std::uint64_t value, Metric metric) {
  return is_bytes(metric) ? as_size(value) : with_separators(value);
}

}  // namespace ar::profile

// What a report can be sorted by: one figure of a site. The table in metric.cpp lists all of them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "profile/model/profile.hpp"

namespace ar::profile {

enum class Metric : std::uint8_t { live, peak, total, allocations, temporary, leaked };

struct MetricRow {
  Metric metric;
  std::string_view name;         // as on the command line and in JSON
  std::string_view description;  // for people
  bool is_bytes;                 // else it counts calls
  std::uint64_t (*of_site)(const Site&);
  std::uint64_t (*of_totals)(const Totals&);
};

// In the order in which reports list them.
[[nodiscard]] std::span<const MetricRow> metrics();

[[nodiscard]] std::optional<Metric> metric_named(std::string_view name);
[[nodiscard]] std::string_view name_of(Metric metric);
[[nodiscard]] std::string_view described(Metric metric);
[[nodiscard]] bool is_bytes(Metric metric);
[[nodiscard]] std::uint64_t value_of(const Site& site, Metric metric);
[[nodiscard]] std::uint64_t value_of(const Totals& totals, Metric metric);

// "1.5 KiB" or "1,500".
[[nodiscard]] std::string shown(std::uint64_t value, Metric metric);

}  // namespace ar::profile

#include "arpent/serve/served_metrics.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <string_view>

#include "profile/model/text_format.hpp"

namespace ar::command {
namespace {

using profile::Profile;

struct Metric {
  std::string_view name;
  std::string_view help;
  bool is_counter;  // else it may fall
  std::uint64_t (*value)(const Profile&);
};

constexpr std::array metrics{
    Metric{"arpent_live_bytes", "Bytes that are allocated and not freed.", false,
           [](const Profile& profile) { return profile.totals.live.bytes; }},
    Metric{"arpent_live_blocks", "Blocks that are allocated and not freed.", false,
           [](const Profile& profile) { return profile.totals.live.blocks; }},
    Metric{"arpent_peak_bytes", "Most bytes that were live at once.", false,
           [](const Profile& profile) { return profile.peak_bytes; }},
    Metric{"arpent_allocations", "Calls that gave memory.", true,
           [](const Profile& profile) { return profile.totals.allocations; }},
    Metric{"arpent_allocated_bytes", "Bytes that were asked for.", true,
           [](const Profile& profile) { return profile.totals.allocated_bytes; }},
    Metric{"arpent_temporary_allocations", "Blocks freed before the next allocation of the same thread.",
           true, [](const Profile& profile) { return profile.totals.temporary; }},
    Metric{"arpent_wrong_releases", "Releases that did not fit: double, never allocated, of another family.",
           true, [](const Profile& profile) { return profile.mismatches; }},
};

std::string label_value(std::string_view path) {
  std::string out;
  for (const char character : profile::printable(profile::file_name(path))) {
    if (character == '\\' || character == '"') {
      out += '\\';
    }
    out += character;
  }
  return out;
}

}  // namespace

std::string metrics_text(std::span<const Profile> processes, MetricsFormat format) {
  std::string out;
  const auto family = [&](std::string_view name, std::string_view type, std::string_view help) {
    out += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
  };
  family("arpent_processes", "gauge", "Processes that are tracked.");
  out += fmt::format("arpent_processes {}\n", processes.size());
  for (const Metric& metric : metrics) {
    const std::string sample = fmt::format("{}{}", metric.name, metric.is_counter ? "_total" : "");
    // OpenMetrics names a family of counters without the ending of its samples.
    family(format == MetricsFormat::openmetrics ? metric.name : std::string_view{sample},
           metric.is_counter ? "counter" : "gauge", metric.help);
    for (const Profile& process : processes) {
      out += fmt::format("{}{{pid=\"{}\",program=\"{}\"}} {}\n", sample, process.pid,
                         label_value(process.program), metric.value(process));
    }
  }
  if (format == MetricsFormat::openmetrics) {
    out += "# EOF\n";
  }
  return out;
}

}  // namespace ar::command

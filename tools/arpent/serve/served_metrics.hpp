// The figures of tracked processes as Prometheus reads them.
#pragma once

#include <span>
#include <string>

#include "profile/model/profile.hpp"

namespace ar::command {

enum class MetricsFormat : unsigned char {
  prometheus,   // text, version 0.0.4
  openmetrics,  // version 1.0.0
};

// A sample of each figure for each process, with its pid and the name of its program as labels.
[[nodiscard]] std::string metrics_text(std::span<const profile::Profile> processes, MetricsFormat format);

}  // namespace ar::command

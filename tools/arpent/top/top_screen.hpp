// The screen of `arpent top`: a terminal that is redrawn, and its keys.
#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <string>

#include "arpent/top/live_sites.hpp"

namespace ar::command {

struct TopChoice {
  TopOrder order = TopOrder::live;
  std::string filter;
  std::chrono::milliseconds interval{2000};
};

// Reads the process again; false when it has ended.
using LookAgain = std::function<bool(LiveSites&)>;

// Until the user leaves. The terminal is as it was afterwards. The error, a sentence without full stop: what
// is there cannot show a screen.
[[nodiscard]] std::expected<void, std::string> show_top(LiveSites& process, TopChoice choice,
                                                        const LookAgain& look);

}  // namespace ar::command

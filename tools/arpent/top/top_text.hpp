// What `arpent top` shows, as lines: on its screen and in plain text.
#pragma once

#include <string>
#include <vector>

#include "arpent/top/live_sites.hpp"

namespace ar::command {

// Two lines about the whole process.
[[nodiscard]] std::vector<std::string> summary_lines(const LiveSites& process);

// Which figures a table shows, in columns of fixed width. Where all of them would leave no room for the
// site's name, those that matter least are left out.
class TopColumns {
 public:
  static constexpr int unlimited = 0;

  // `width`: of the screen.
  TopColumns(TopOrder order, int width);

  // The column that it is sorted by stands in brackets.
  [[nodiscard]] std::string heading() const;
  [[nodiscard]] std::string row(const LiveSite& site) const;
  [[nodiscard]] int width() const;

 private:
  TopOrder order_;
  std::vector<TopOrder> shown_;
};

}  // namespace ar::command

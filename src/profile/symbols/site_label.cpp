#include "profile/symbols/site_label.hpp"

#include <fmt/format.h>

#include "profile/model/text_format.hpp"

namespace ar::profile {

std::string site_label(const Site& site, StackFrames& frames) {
  std::string label;
  if (has_own_place(site)) {
    label = fmt::format("{}:{}", printable(shown_path(site.file)), site.line);
  } else if (site.address != 0) {
    label = one_line(frames.user_location(site));
  } else {
    label = "(unknown place)";
  }
  if (!site.description.empty()) {
    label += fmt::format("  \"{}\"", printable(site.description));
  }
  if (site.family == track::Family::adopted) {
    label += "  (adopted)";
  }
  return label;
}

std::vector<std::string> callers_of(const Site& site, StackFrames& frames) {
  const std::vector<FrameNumber> stack = frames.of(site);
  std::vector<std::string> lines;
  for (std::size_t i = frames.user_index(stack) + 1; i < stack.size(); ++i) {
    lines.push_back(one_line(frames.frame(stack[i])));
  }
  return lines;
}

std::string one_line(const StackFrame& frame) {
  return frame.file.empty()
             ? frame.name
             : fmt::format("{}  {}:{}", frame.name, printable(shown_path(frame.file)), frame.line);
}

}  // namespace ar::profile

#include "profile/symbols/site_label.hpp"

#include <fmt/format.h>

#include "profile/model/text_format.hpp"

namespace ar::profile {

bool has_own_place(const Site& site) {
  // Zig cannot say file and line at the call; its address tells them.
  return site.annotated && !site.file.empty() && (site.line != 0 || site.address == 0);
}

const Location& user_location(const Profile& profile, const Site& site, Symbolizer& symbolizer) {
  const Location& own = symbolizer.locate(profile, site);
  for (std::uint32_t at = own.only_wrappers ? site.stack : no_stack; at != no_stack;) {
    const StackNode& node = profile.stack_nodes.at(at);
    const Location& location = symbolizer.locate(profile, node.module, node.address);
    if (!location.only_wrappers) {
      return location;
    }
    at = node.caller;
  }
  return own;
}

std::string site_label(const Profile& profile, const Site& site, Symbolizer& symbolizer) {
  std::string label;
  if (has_own_place(site)) {
    label = fmt::format("{}:{}", printable(shown_path(site.file)), site.line);
  } else if (site.address != 0) {
    label = one_line(user_location(profile, site, symbolizer));
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

}  // namespace ar::profile

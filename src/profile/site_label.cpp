#include "profile/site_label.hpp"

#include <fmt/format.h>

#include "profile/text_format.hpp"

namespace ar::profile {

bool has_own_place(const Site& site) {
  // Zig cannot say file and line at the call; its address tells them.
  return site.annotated && !site.file.empty() && (site.line != 0 || site.address == 0);
}

std::string site_label(const Profile& profile, const Site& site, Symbolizer& symbolizer) {
  std::string label;
  if (has_own_place(site)) {
    label = fmt::format("{}:{}", printable(shown_path(site.file)), site.line);
  } else if (site.address != 0) {
    label = one_line(symbolizer.locate(profile, site));
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

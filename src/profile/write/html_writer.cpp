#include "profile/write/html_writer.hpp"

#include <string_view>

#include "profile/write/page_template.hpp"

namespace ar::profile {

std::string html_page(std::span<const std::string> data) {
  constexpr std::string_view mark = "[\"arpent-profiles\"]";
  const std::string_view page = page_template();
  const std::size_t place = page.find(mark);
  std::string html{page.substr(0, place)};
  html += '[';
  for (const std::string& profile : data) {
    if (&profile != data.data()) {
      html += ',';
    }
    html += profile;
  }
  html += ']';
  html += page.substr(place + mark.size());
  return html;
}

}  // namespace ar::profile

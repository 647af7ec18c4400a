// What changed between two profiles, as text for people and as JSON for programs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "profile/change/difference.hpp"
#include "profile/write/text_style.hpp"

namespace ar::profile {

struct DifferenceNames {
  std::string before;  // as the user calls the files
  std::string after;
};

// Each ends with a newline. `notes` are sentences for the reader.
[[nodiscard]] std::string text_difference(const Difference& difference, const DifferenceNames& names,
                                          const TextOptions& options, const std::vector<std::string>& notes);
[[nodiscard]] std::string json_difference(const Difference& difference, const DifferenceNames& names,
                                          std::string_view version, const std::vector<std::string>& notes);

}  // namespace ar::profile

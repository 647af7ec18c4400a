// Leaks that the user does not want to hear of: files in LeakSanitizer's syntax.
//
// A line is `leak:PATTERN`; empty lines and those that begin with # say nothing. PATTERN is looked for
// anywhere in the functions, files and modules of a leak's stack, where `*` stands for any text, and `^` at
// its start and
// `$` at its end hold it to the ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "profile/model/profile.hpp"
#include "profile/symbols/symbols.hpp"

namespace ar::profile {

class Suppressions {
 public:
  // The error names the line and what is wrong with it, without a final full stop.
  [[nodiscard]] static std::expected<Suppressions, std::string> parsed(std::string_view text);

  [[nodiscard]] bool empty() const { return patterns_.empty(); }
  [[nodiscard]] bool match(std::string_view text) const;

 private:
  std::vector<std::string> patterns_;
};

// Whether text holds what the pattern describes.
[[nodiscard]] bool matches_pattern(std::string_view pattern, std::string_view text);

// Moves what matching sites have lost from Site::lost to Site::suppressed, and in the totals. Intentional
// leaks stay what they are.
void suppress_leaks(Profile& profile, const Suppressions& suppressions, Symbolizer& symbolizer);

}  // namespace ar::profile

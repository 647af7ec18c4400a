// A part of a profile: the sites that regular expressions choose.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <regex>
#include <string>

#include "profile/model/profile.hpp"
#include "profile/symbols/symbols.hpp"

namespace ar::profile {

// Regular expressions as ECMAScript has them, looked for anywhere in a function, file, module, description or
// type of a site's stack.
class Selection {
 public:
  // Empty texts choose all. The error is one sentence without a full stop.
  [[nodiscard]] static std::expected<Selection, std::string> parsed(const std::string& focus,
                                                                    const std::string& ignore);

  [[nodiscard]] bool chooses_all() const { return !focus_ && !ignore_; }

  // Removes the sites that do not match `focus`, and those that match `ignore`; the totals become those of
  // what is left, Profile::peak_bytes stays the process's. Returns how many sites were removed.
  std::size_t apply(Profile& profile, Symbolizer& symbolizer) const;

 private:
  std::optional<std::regex> focus_;
  std::optional<std::regex> ignore_;
};

}  // namespace ar::profile

// What the page in the browser shows of a profile, as compact JSON. web/README.md describes its fields.
#pragma once

#include <string>
#include <vector>

#include "profile/model/profile.hpp"
#include "profile/symbols/symbols.hpp"

namespace ar::profile {

// The number that changes when a field changes its name or meaning.
inline constexpr int page_format = 1;

// How many places get the lines of source around them, those that hold most first.
inline constexpr std::size_t most_snippets = 400;

// One line of UTF-8 without newline; bytes that are no UTF-8 are replaced by U+FFFD. It holds no '<', so
// that it can stand inside a script element whatever the profile's names are. Reads source files where they
// are there. `name` is what the page calls the profile; `notes` are sentences for its reader.
[[nodiscard]] std::string page_data(const Profile& profile, const std::string& name, Symbolizer& symbolizer,
                                    const std::vector<std::string>& notes = {});

}  // namespace ar::profile

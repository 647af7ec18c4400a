// Sites put together by what they have in common: the rows of tables. The table in grouping.cpp lists the
// ways.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "profile/model/profile.hpp"
#include "profile/symbols/stack_frames.hpp"

namespace ar::profile {

enum class Grouping : std::uint8_t { site, function, file, module, thread, type, description, stack };

struct GroupingRow {
  Grouping grouping;
  std::string_view name;  // as on the command line and in titles
  // Of the group that a site belongs to. Null for threads: a site belongs to several.
  std::string (*label)(const Site& site, StackFrames& frames);
};
[[nodiscard]] std::span<const GroupingRow> groupings();

[[nodiscard]] std::optional<Grouping> grouping_named(std::string_view name);
[[nodiscard]] std::string_view name_of(Grouping grouping);

struct Group {
  std::string label;  // printable on one line
  Site sum;           // the figures of all sites; what the site is, is the first one's
};

// Sites whose figure is not 0, together by `grouping`, largest figure first. Functions, files and modules are
// those of the user's frame. Of threads only allocations and allocated bytes are known: whoever frees a block
// counts elsewhere.
[[nodiscard]] std::vector<Group> grouped(StackFrames& frames, Grouping grouping,
                                         const std::function<std::uint64_t(const Site&)>& figure);

}  // namespace ar::profile

// A profile as a tree of functions, from either end of its stacks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "profile/model/metric.hpp"
#include "profile/model/profile.hpp"
#include "profile/symbols/stack_frames.hpp"

namespace ar::profile {

enum class TreeDirection : std::uint8_t {
  top_down,   // from main to what allocates
  bottom_up,  // from what allocates to who called it
};

struct TreeDirectionRow {
  TreeDirection direction;
  std::string_view name;         // as on the command line
  std::string_view description;  // for people
};
[[nodiscard]] std::span<const TreeDirectionRow> tree_directions();
[[nodiscard]] std::optional<TreeDirection> tree_direction_named(std::string_view name);
[[nodiscard]] std::string_view described(TreeDirection direction);

struct TreeNode {
  std::string label;  // function and, from the innermost frame, where it allocates
  std::uint64_t value = 0;
  std::vector<TreeNode> children;  // largest first
};

// The root stands for the whole profile; its label is empty. Frames of one function are one node, at
// whichever of its lines they are. A node below 1 % of the whole has no children.
[[nodiscard]] TreeNode call_tree(const Profile& profile, Metric metric, TreeDirection direction,
                                 StackFrames& frames);

// One line a node: share, value, function. At most `top` children of each, and none below 1 % of the whole:
// how many are left out is said. A node that passes all of its value to one child has it beneath, not further
// to the right.
[[nodiscard]] std::string tree_text(const TreeNode& root, Metric metric, std::size_t top);

}  // namespace ar::profile

#include "profile/write/call_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "profile/model/text_format.hpp"

namespace ar::profile {
namespace {

constexpr std::array directions{
    TreeDirectionRow{
        .direction = TreeDirection::bottom_up, .name = "bottom-up", .description = "from what allocates out"},
    TreeDirectionRow{.direction = TreeDirection::top_down,
                     .name = "top-down",
                     .description = "from the outermost caller in"},
};

struct Branch {
  std::uint64_t value = 0;
  std::map<std::string, std::unique_ptr<Branch>> children;
};

std::string label_of(const StackFrame& frame) {
  return frame.file.empty() ? frame.name
                            : fmt::format("{}  {}", frame.name, printable(shown_path(frame.file)));
}

TreeNode node_of(std::string label, const Branch& branch) {
  TreeNode node{.label = std::move(label), .value = branch.value, .children = {}};
  for (const auto& [name, child] : branch.children) {
    node.children.push_back(node_of(name, *child));
  }
  std::ranges::stable_sort(node.children, std::greater{}, &TreeNode::value);
  return node;
}

class TreeText {
 public:
  TreeText(std::uint64_t whole, Metric metric, std::size_t top) : whole_(whole), metric_(metric), top_(top) {}

  void add(const TreeNode& parent, std::size_t depth) {
    std::size_t shown_children = 0;
    std::uint64_t left_out = 0;
    for (const TreeNode& child : parent.children) {
      // 1 % of the whole, without a product that could overflow.
      if (shown_children >= top_ || child.value < whole_ / 100) {
        left_out += child.value;
        continue;
      }
      ++shown_children;
      line(child.value, child.label, depth);
      add(child, parent.children.size() == 1 && child.value == parent.value ? depth : depth + 1);
    }
    if (const std::size_t count = parent.children.size() - shown_children; count != 0) {
      line(left_out, fmt::format("({} more)", with_separators(count)), depth);
    }
  }

  std::string take() const { return table_.text("", ""); }

 private:
  void line(std::uint64_t value, const std::string& label, std::size_t depth) {
    table_.add({as_share(value, whole_), shown(value, metric_), std::string(depth * 2, ' ') + label});
  }

  std::uint64_t whole_;
  Metric metric_;
  std::size_t top_;
  Table table_{{"share", is_bytes(metric_) ? "bytes" : "blocks", "function"}};
};

}  // namespace

std::span<const TreeDirectionRow> tree_directions() { return directions; }

std::optional<TreeDirection> tree_direction_named(std::string_view name) {
  const auto* const found = std::ranges::find(directions, name, &TreeDirectionRow::name);
  return found == directions.end() ? std::nullopt : std::optional{found->direction};
}

std::string_view described(TreeDirection direction) {
  return std::ranges::find(directions, direction, &TreeDirectionRow::direction)->description;
}

TreeNode call_tree(const Profile& profile, Metric metric, TreeDirection direction, StackFrames& frames) {
  Branch root;
  for (const Site& site : profile.sites) {
    const std::uint64_t value = value_of(site, metric);
    if (value == 0) {
      continue;
    }
    std::vector<FrameNumber> stack = frames.of(site);
    if (direction == TreeDirection::top_down) {
      std::ranges::reverse(stack);
    }
    root.value += value;
    Branch* at = &root;
    for (const FrameNumber number : stack) {
      std::unique_ptr<Branch>& child = at->children[label_of(frames.frame(number))];
      if (!child) {
        child = std::make_unique<Branch>();
      }
      child->value += value;
      at = child.get();
    }
  }
  return node_of({}, root);
}

std::string tree_text(const TreeNode& root, Metric metric, std::size_t top) {
  TreeText text{root.value, metric, top};
  text.add(root, 0);
  return text.take();
}

}  // namespace ar::profile

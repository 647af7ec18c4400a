#include "profile/write/call_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <unordered_map>
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

std::string label_of(const StackFrame& frame) {
  return frame.file.empty() ? frame.name
                            : fmt::format("{}  {}", frame.name, printable(shown_path(frame.file)));
}

// 1 % of the whole, without a product that could overflow.
bool is_shown(std::uint64_t value, std::uint64_t whole) { return value >= whole / 100; }

// A site's stack, from the root of the tree on.
struct Path {
  std::vector<std::uint32_t> labels;  // as numbers, because each repeats in many stacks
  std::uint64_t value = 0;
};

class TreeBuilder {
 public:
  TreeBuilder(StackFrames& frames, TreeDirection direction) : frames_(frames), direction_(direction) {}

  void add(const Site& site, std::uint64_t value) {
    std::vector<FrameNumber> stack = frames_.of(site);
    if (direction_ == TreeDirection::top_down) {
      std::ranges::reverse(stack);
    }
    for (FrameNumber& number : stack) {
      number = label_number(number);
    }
    paths_.push_back({.labels = std::move(stack), .value = value});
    whole_ += value;
  }

  TreeNode take() {
    std::ranges::sort(paths_, {}, &Path::labels);
    TreeNode root{.label = {}, .value = whole_, .children = {}};
    add_children(root, paths_, 0);
    return root;
  }

 private:
  struct Part {
    std::span<const Path> paths;
    std::uint32_t label = 0;
    std::uint64_t value = 0;
  };

  std::uint32_t label_number(FrameNumber number) {
    const auto [entry, is_new] = of_frames_.try_emplace(number);
    if (is_new) {
      const auto [label, is_new_label] =
          numbers_.try_emplace(label_of(frames_.frame(number)), static_cast<std::uint32_t>(labels_.size()));
      if (is_new_label) {
        labels_.push_back(&label->first);
      }
      entry->second = label->second;
    }
    return entry->second;
  }

  // The paths are sorted, and have their first `depth` labels in common.
  void add_children(TreeNode& node, std::span<const Path> paths, std::size_t depth) {
    std::vector<Part> parts;
    std::size_t begin = 0;
    for (std::size_t i = 0; i < paths.size(); ++i) {
      if (paths[i].labels.size() == depth) {  // it ends here, as do all that are equal to it
        begin = i + 1;
        continue;
      }
      const std::uint32_t label = paths[i].labels[depth];
      if (i == begin) {
        parts.push_back({.paths = {}, .label = label, .value = 0});
      }
      parts.back().value += paths[i].value;
      if (i + 1 == paths.size() || paths[i + 1].labels[depth] != label) {
        parts.back().paths = paths.subspan(begin, i + 1 - begin);
        begin = i + 1;
      }
    }
    std::ranges::sort(parts, [&](const Part& a, const Part& b) {
      return a.value != b.value ? a.value > b.value : *labels_[a.label] < *labels_[b.label];
    });
    for (const Part& part : parts) {
      TreeNode& child = node.children.emplace_back(
          TreeNode{.label = *labels_[part.label], .value = part.value, .children = {}});
      if (is_shown(part.value, whole_)) {
        add_children(child, part.paths, depth + 1);
      }
    }
  }

  StackFrames& frames_;
  TreeDirection direction_;
  std::uint64_t whole_ = 0;
  std::vector<Path> paths_;
  std::vector<const std::string*> labels_;
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::unordered_map<FrameNumber, std::uint32_t> of_frames_;
};

class TreeText {
 public:
  TreeText(std::uint64_t whole, Metric metric, std::size_t top) : whole_(whole), metric_(metric), top_(top) {}

  void add(const TreeNode& parent, std::size_t depth) {
    std::size_t shown_children = 0;
    std::uint64_t left_out = 0;
    for (const TreeNode& child : parent.children) {
      if (shown_children >= top_ || !is_shown(child.value, whole_)) {
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
  TreeBuilder builder{frames, direction};
  for (const Site& site : profile.sites) {
    if (const std::uint64_t value = value_of(site, metric); value != 0) {
      builder.add(site, value);
    }
  }
  return builder.take();
}

std::string tree_text(const TreeNode& root, Metric metric, std::size_t top) {
  TreeText text{root.value, metric, top};
  text.add(root, 0);
  return text.take();
}

}  // namespace ar::profile

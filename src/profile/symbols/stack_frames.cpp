#include "profile/symbols/stack_frames.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "profile/model/text_format.hpp"

namespace ar::profile {
namespace {

// Deeper than stacks are ever recorded. A damaged profile could have one of any depth, and trees of them are
// walked by recursion.
constexpr std::size_t deepest_stack = 4096;

// Of a site without an address.
StackFrame own_place(const Site& site) {
  StackFrame frame{.name = "(unknown place)",
                   .function = {},
                   .file = {},
                   .line = 0,
                   .module = {},
                   .inlined = false,
                   .wrapper = false};
  if (has_own_place(site)) {
    frame.name = fmt::format("{}:{}", printable(file_name(site.file)), site.line);
    frame.file = site.file;
    frame.line = site.line;
  }
  return frame;
}

}  // namespace

StackFrames::StackFrames(const Profile& profile, Symbolizer& symbolizer)
    : profile_(profile), symbolizer_(symbolizer) {
  std::size_t sites = profile.sites.size() + profile.owners.size();
  for (const Owner& owner : profile.owners) {
    sites += owner.contents.size();
  }
  symbolizer.expect_sites(sites);
}

FrameNumber StackFrames::number_of(const StackFrame& frame) {
  const auto [first, last] = known_.equal_range(frame.name);
  const auto known =
      std::find_if(first, last, [&](const auto& entry) { return frames_[entry.second] == frame; });
  if (known != last) {
    return known->second;
  }
  const auto number = static_cast<FrameNumber>(frames_.size());
  known_.emplace(frame.name, number);
  frames_.push_back(frame);
  return number;
}

std::uint32_t StackFrames::leaf_of(const Site& site) const {
  return site.stack < profile_.stack_nodes.size() ? site.stack : no_stack;
}

std::uint32_t StackFrames::caller_of(std::uint32_t node) const {
  // Every node comes after its caller.
  const std::uint32_t caller = profile_.stack_nodes[node].caller;
  return caller < node ? caller : no_stack;
}

const std::vector<FrameNumber>& StackFrames::at(std::optional<std::size_t> module, std::uint64_t address) {
  const auto [entry, is_new] = addresses_.try_emplace({module ? *module + 1 : 0, address});
  std::vector<FrameNumber>& numbers = entry->second;
  if (is_new) {
    for (const StackFrame& frame : symbolizer_.locate(profile_, module, address).frames) {
      numbers.push_back(number_of(frame));
    }
  }
  return numbers;
}

std::vector<FrameNumber> StackFrames::of(const Site& site) {
  std::vector<FrameNumber> stack;
  std::size_t depth = 0;
  for (std::uint32_t node = leaf_of(site); node != no_stack && depth < deepest_stack; ++depth) {
    const auto& frames = at(profile_.stack_nodes[node].module, profile_.stack_nodes[node].address);
    // The last is the function that stands there; what was inlined into it comes before it.
    const std::size_t inlined = frames.size() - 1;
    const bool is_too_much = inlined > inlined_left_ || stack.size() + inlined > deepest_stack;
    inlined_left_ -= is_too_much ? 0 : inlined;
    stack.insert(stack.end(), is_too_much ? frames.end() - 1 : frames.begin(), frames.end());
    node = caller_of(node);
  }
  if (stack.empty() && site.address != 0) {
    stack = at(site.module, site.address);
  }
  if (stack.empty()) {
    stack.push_back(number_of(own_place(site)));
  }
  return stack;
}

std::size_t StackFrames::user_index(const std::vector<FrameNumber>& stack) const {
  const auto is_of_user = [&](FrameNumber number) { return !frames_[number].wrapper; };
  const auto holds_call = [&](FrameNumber number) { return !frames_[number].inlined; };
  auto found = std::ranges::find_if(stack, is_of_user);
  if (found == stack.end()) {
    found = std::ranges::find_if(stack, holds_call);
  }
  return found == stack.end() ? 0 : static_cast<std::size_t>(found - stack.begin());
}

const Location& StackFrames::locate(std::uint32_t node) {
  return symbolizer_.locate(profile_, profile_.stack_nodes[node].module, profile_.stack_nodes[node].address);
}

const Location& StackFrames::user_location(const Site& site) {
  const std::uint32_t leaf = leaf_of(site);
  if (leaf == no_stack) {
    return symbolizer_.locate(profile_, site);
  }
  for (std::uint32_t node = leaf; node != no_stack; node = caller_of(node)) {
    const Location& location = locate(node);
    if (!location.only_wrappers) {
      return location;
    }
  }
  return locate(leaf);
}

}  // namespace ar::profile

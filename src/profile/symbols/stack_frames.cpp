#include "profile/symbols/stack_frames.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "profile/model/text_format.hpp"
#include "profile/symbols/function_name.hpp"
#include "profile/symbols/site_label.hpp"

namespace ar::profile {
namespace {

// Deeper than stacks are ever recorded; a damaged profile could have one of any depth.
constexpr std::size_t deepest_stack = 4096;

std::string unknown_name(const Location& location) {
  return location.module.empty()
             ? fmt::format("{:#x}", location.offset)
             : fmt::format("{}+{:#x}", printable(file_name(location.module)), location.offset);
}

}  // namespace

FrameNumber StackFrames::number_of(StackFrame frame) {
  const auto [first, last] = known_.equal_range(frame.name);
  const auto known =
      std::find_if(first, last, [&](const auto& entry) { return frames_[entry.second] == frame; });
  if (known != last) {
    return known->second;
  }
  const auto number = static_cast<FrameNumber>(frames_.size());
  known_.emplace(frame.name, number);
  frames_.push_back(std::move(frame));
  return number;
}

const std::vector<FrameNumber>& StackFrames::at(std::optional<std::size_t> module, std::uint64_t address) {
  const auto [entry, is_new] = addresses_.try_emplace({module ? *module + 1 : 0, address});
  std::vector<FrameNumber>& numbers = entry->second;
  if (!is_new) {
    return numbers;
  }
  const Location& location = symbolizer_.locate(profile_, module, address);
  for (const Frame& frame : location.frames) {
    numbers.push_back(number_of(
        {.name = frame.function.empty() ? unknown_name(location) : printable(short_name(frame.function)),
         .function = frame.function,
         .file = frame.file,
         .line = frame.line,
         .module = location.module,
         .inlined = frame.inlined,
         .wrapper = is_wrapper(frame.function, frame.file)}));
  }
  if (numbers.empty()) {
    numbers.push_back(number_of(
        {.name = location.symbol.empty() ? unknown_name(location) : printable(short_name(location.symbol)),
         .function = location.symbol,
         .file = {},
         .line = 0,
         .module = location.module,
         .inlined = false,
         .wrapper = is_wrapper(location.symbol, {})}));
  }
  return numbers;
}

std::vector<FrameNumber> StackFrames::of(const Site& site) {
  std::vector<FrameNumber> stack;
  std::size_t depth = 0;
  for (std::uint32_t node = site.stack; node != no_stack && depth < deepest_stack; ++depth) {
    const auto& frames = at(profile_.stack_nodes.at(node).module, profile_.stack_nodes[node].address);
    stack.insert(stack.end(), frames.begin(), frames.end());
    node = profile_.stack_nodes[node].caller;
  }
  if (stack.empty() && site.address != 0) {
    stack = at(site.module, site.address);
  }
  if (stack.empty()) {
    const bool has_place = has_own_place(site);
    stack.push_back(
        number_of({.name = has_place ? fmt::format("{}:{}", printable(file_name(site.file)), site.line)
                                     : std::string{"(unknown place)"},
                   .function = {},
                   .file = has_place ? site.file : std::string{},
                   .line = has_place ? site.line : 0,
                   .module = {},
                   .inlined = false,
                   .wrapper = false}));
  }
  return stack;
}

std::size_t StackFrames::user_index(const std::vector<FrameNumber>& stack) const {
  const auto found =
      std::ranges::find_if(stack, [&](FrameNumber number) { return !frames_[number].wrapper; });
  return found == stack.end() ? 0 : static_cast<std::size_t>(found - stack.begin());
}

}  // namespace ar::profile

#include "profile/change/selection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "profile/model/text_format.hpp"
#include "profile/model/totals.hpp"
#include "profile/symbols/stack_frames.hpp"

namespace ar::profile {
namespace {

// std::regex recurses for each character; names are not longer than this, but a damaged profile may say so.
constexpr std::size_t longest_searched = 4096;

bool found_in(const std::regex& expression, std::initializer_list<std::string_view> texts) {
  return std::ranges::any_of(texts, [&](std::string_view text) {
    const std::string_view searched = text.substr(0, longest_searched);
    return std::regex_search(searched.begin(), searched.end(), expression);
  });
}

// Whether a site's stack matches, with what is known of each frame.
class Matcher {
 public:
  Matcher(const std::regex& expression, StackFrames& frames) : expression_(expression), frames_(frames) {}

  bool matches(const Site& site, const std::vector<FrameNumber>& stack) {
    return found_in(expression_, {site.description, site.type, site.file}) ||
           std::ranges::any_of(stack, [&](FrameNumber number) { return matches(number); });
  }

 private:
  bool matches(FrameNumber number) {
    const auto [entry, is_new] = known_.try_emplace(number);
    if (is_new) {
      const StackFrame& frame = frames_.frame(number);
      entry->second = found_in(expression_, {frame.name, frame.function, frame.file, frame.module});
    }
    return entry->second;
  }

  const std::regex& expression_;
  StackFrames& frames_;
  std::unordered_map<FrameNumber, bool> known_;
};

std::expected<std::optional<std::regex>, std::string> compiled(std::string_view option,
                                                               const std::string& text) {
  if (text.empty()) {
    return std::nullopt;
  }
  try {
    return std::regex{text, std::regex::ECMAScript | std::regex::optimize};
  } catch (const std::regex_error&) {
    return std::unexpected(fmt::format("{} {} is no regular expression", option, in_quotes(text)));
  }
}

}  // namespace

std::expected<Selection, std::string> Selection::parsed(const std::string& focus, const std::string& ignore) {
  auto focused = compiled("--focus", focus);
  if (!focused) {
    return std::unexpected(focused.error());
  }
  auto ignored = compiled("--ignore", ignore);
  if (!ignored) {
    return std::unexpected(ignored.error());
  }
  Selection selection;
  selection.focus_ = std::move(*focused);
  selection.ignore_ = std::move(*ignored);
  return selection;
}

std::size_t Selection::apply(Profile& profile, Symbolizer& symbolizer) const {
  if (chooses_all()) {
    return 0;
  }
  StackFrames frames{profile, symbolizer};
  std::optional<Matcher> focus;
  std::optional<Matcher> ignore;
  if (focus_) {
    focus.emplace(*focus_, frames);
  }
  if (ignore_) {
    ignore.emplace(*ignore_, frames);
  }
  const auto is_left_out = [&](const Site& site) {
    const std::vector<FrameNumber> stack = frames.of(site);
    return (focus && !focus->matches(site, stack)) || (ignore && ignore->matches(site, stack));
  };
  const std::size_t removed = std::erase_if(profile.sites, is_left_out);
  for (Owner& owner : profile.owners) {
    std::erase_if(owner.contents, is_left_out);
  }
  std::erase_if(profile.owners, [](const Owner& owner) { return owner.contents.empty(); });
  profile.totals = totals_of(profile.sites);
  return removed;
}

}  // namespace ar::profile

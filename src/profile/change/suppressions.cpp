#include "profile/change/suppressions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "profile/model/text_format.hpp"
#include "profile/model/totals.hpp"
#include "profile/symbols/stack_frames.hpp"

namespace ar::profile {
namespace {

constexpr std::string_view kind = "leak:";

std::string_view without_blanks(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

}  // namespace

bool matches_pattern(std::string_view pattern, std::string_view text) {
  const bool from_start = pattern.starts_with('^');
  if (from_start) {
    pattern.remove_prefix(1);
  }
  const bool to_end = pattern.ends_with('$');
  if (to_end) {
    pattern.remove_suffix(1);
  }
  bool anchored = from_start;
  std::size_t at = 0;
  while (true) {
    const std::size_t star = pattern.find('*');
    const std::string_view piece = pattern.substr(0, star);
    const bool is_last = star == std::string_view::npos;
    if (is_last && to_end) {
      // The last piece must reach the end, and not begin within what came before it.
      const bool fits = text.size() - at >= piece.size() && text.substr(at).ends_with(piece);
      return fits && (!anchored || text.size() - at == piece.size());
    }
    const std::size_t found =
        anchored ? (text.substr(at).starts_with(piece) ? at : std::string_view::npos) : text.find(piece, at);
    if (found == std::string_view::npos) {
      return false;
    }
    if (is_last) {
      return true;
    }
    at = found + piece.size();
    anchored = false;
    pattern.remove_prefix(star + 1);
  }
}

std::expected<Suppressions, std::string> Suppressions::parsed(std::string_view text) {
  Suppressions suppressions;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = without_blanks(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.starts_with('#')) {
      continue;
    }
    const std::string_view pattern =
        line.starts_with(kind) ? without_blanks(line.substr(kind.size())) : std::string_view{};
    if (pattern.find_first_not_of("*^$") == std::string_view::npos) {
      return std::unexpected(
          fmt::format("line {} is {}; a suppression is 'leak:PATTERN', and a comment begins with #", number,
                      in_quotes(line)));
    }
    suppressions.patterns_.emplace_back(pattern);
  }
  return suppressions;
}

bool Suppressions::match(std::string_view text) const {
  return !text.empty() && std::ranges::any_of(patterns_, [&](const std::string& pattern) {
    return matches_pattern(pattern, text);
  });
}

void suppress_leaks(Profile& profile, const Suppressions& suppressions, Symbolizer& symbolizer) {
  if (suppressions.empty()) {
    return;
  }
  StackFrames frames{profile, symbolizer};
  std::unordered_map<FrameNumber, bool> known;
  const auto is_suppressed = [&](FrameNumber number) {
    const auto [entry, is_new] = known.try_emplace(number);
    if (is_new) {
      const StackFrame& frame = frames.frame(number);
      entry->second = suppressions.match(frame.function) || suppressions.match(frame.name) ||
                      suppressions.match(frame.file) || suppressions.match(frame.module);
    }
    return entry->second;
  };
  for (Site& site : profile.sites) {
    if (site.lost.blocks == 0 || site.intentional) {
      continue;
    }
    // An annotated site's own file need not be its innermost frame's.
    if (suppressions.match(site.file) || std::ranges::any_of(frames.of(site), is_suppressed)) {
      site.suppressed += std::exchange(site.lost, {});
    }
  }
  profile.totals = totals_of(profile.sites);
}

}  // namespace ar::profile

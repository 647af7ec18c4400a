#include "profile/write/page_data.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <ranges>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "profile/model/survey.hpp"
#include "profile/model/text_format.hpp"
#include "profile/read/input.hpp"
#include "profile/symbols/site_label.hpp"
#include "profile/symbols/stack_frames.hpp"
#include "profile/write/json.hpp"

namespace ar::profile {
namespace {

constexpr std::uint32_t lines_around = 3;
constexpr std::uint64_t largest_source = std::uint64_t{8} << 20U;
constexpr std::size_t longest_line = 200;

class Strings {
 public:
  std::size_t index(const std::string& text) {
    const auto [place, added] = indices_.try_emplace(printable(text), indices_.size());
    if (added) {
      json_.push_back(place->first);
    }
    return place->second;
  }
  Json take() { return std::move(json_); }

 private:
  std::unordered_map<std::string, std::size_t> indices_;
  Json json_ = Json::array();
};

// Frames and the tree of stacks. Node 0 is the root; each node comes after its caller.
class Tree {
 public:
  Tree(StackFrames& frames, Strings& strings) : stacks_(frames), strings_(strings) {
    nodes_.push_back(0);
    nodes_.push_back(0);
    frame("all", {}, 0, {});
  }

  std::size_t leaf_of(const Site& site) {
    const std::uint32_t leaf = stacks_.leaf_of(site);
    return leaf == no_stack ? below(0, stacks_.of(site)) : node_of(leaf);
  }

  // Function, file, line and module of each frame, one after the other.
  Json take_frames() { return std::move(frames_); }
  // Caller and frame of each node, one after the other.
  Json take_nodes() { return std::move(nodes_); }

 private:
  // Callers come first in the profile, so no recursion is needed however deep a stack is.
  std::size_t node_of(std::uint32_t stack) {
    while (converted_.size() <= stack) {
      const auto next = static_cast<std::uint32_t>(converted_.size());
      const StackNode& node = stacks_.profile().stack_nodes[next];
      converted_.push_back(next == no_stack ? 0
                                            : below(converted_[stacks_.caller_of(next)],
                                                    stacks_.at(node.module, node.address)));
    }
    return converted_[stack];
  }

  std::size_t below(std::size_t caller, const std::vector<FrameNumber>& frames) {
    for (const FrameNumber number : frames | std::views::reverse) {
      const StackFrame& of = stacks_.frame(number);
      caller = child(caller, frame(of.name, of.file, of.line, of.module));
    }
    return caller;
  }

  std::size_t frame(const std::string& name, const std::string& file, std::uint32_t line,
                    const std::string& module) {
    const std::array<std::size_t, 4> key{strings_.index(name), strings_.index(file), line,
                                         strings_.index(module)};
    const auto [place, added] = frame_indices_.try_emplace(key, frame_indices_.size());
    if (added) {
      for (const std::size_t value : key) {
        frames_.push_back(value);
      }
    }
    return place->second;
  }

  std::size_t child(std::size_t caller, std::size_t frame) {
    const auto [place, added] = node_indices_.try_emplace({caller, frame}, node_indices_.size() + 1);
    if (added) {
      nodes_.push_back(caller);
      nodes_.push_back(frame);
    }
    return place->second;
  }

  StackFrames& stacks_;
  Strings& strings_;
  Json frames_ = Json::array();
  Json nodes_ = Json::array();
  std::map<std::array<std::size_t, 4>, std::size_t> frame_indices_;
  std::map<std::pair<std::size_t, std::size_t>, std::size_t> node_indices_;
  std::vector<std::size_t> converted_;  // of the profile's nodes, in their order
};

struct Place {
  const std::string& file;
  std::uint32_t line = 0;
};

Place place_of(const Site& site, StackFrames& frames) {
  if (has_own_place(site)) {
    return {.file = site.file, .line = site.line};
  }
  const StackFrame& user = frames.user_location(site).user();
  return {.file = user.file, .line = user.line};
}

// A file of source, by lines.
class SourceText {
 public:
  SourceText() = default;
  explicit SourceText(std::string text) : text_(std::move(text)) {
    for (std::size_t at = 0; at < text_.size(); ++at) {
      starts_.push_back(at);
      at = std::min(text_.find('\n', at), text_.size());
    }
  }

  [[nodiscard]] std::size_t lines() const { return starts_.size(); }
  // The start of the line with this number, from 1, as far as the page shows it; no character is cut.
  [[nodiscard]] std::string_view line(std::size_t number) const {
    std::string_view line = std::string_view{text_}.substr(starts_[number - 1]);
    line = line.substr(0, line.find('\n'));
    std::size_t length = std::min(line.size(), longest_line);
    while (length < line.size() && length > 0 && (static_cast<unsigned char>(line[length]) & 0xc0U) == 0x80) {
      --length;
    }
    return line.substr(0, length);
  }
  [[nodiscard]] std::size_t memory() const { return text_.size() + starts_.size() * sizeof starts_[0]; }

 private:
  std::string text_;
  std::vector<std::size_t> starts_;
};

// The lines around a place; null if they cannot be read.
class Sources {
 public:
  Json around(const Place& place) {
    const SourceText& text = text_of(place.file);
    if (place.line == 0 || place.line > text.lines()) {
      return nullptr;
    }
    const std::size_t first = place.line > lines_around ? place.line - lines_around : 1;
    const std::size_t last = std::min<std::size_t>(text.lines(), place.line + lines_around);
    Json shown = Json::array();
    for (std::size_t line = first; line <= last; ++line) {
      shown.push_back(printable_with_tabs(text.line(line)));
    }
    return Json{{"first", first}, {"lines", std::move(shown)}};
  }

 private:
  const SourceText& text_of(const std::string& path) {
    if (held_ > most_held) {
      files_.clear();
      held_ = 0;
    }
    const auto [place, added] = files_.try_emplace(path);
    if (added) {
      // A name from a profile may be that of a device or a pipe.
      place->second = SourceText{read_input(path, Streams::refused, largest_source).value_or(std::string{})};
      held_ += place->second.memory();
    }
    return place->second;
  }

  // A profile can give one file many names.
  static constexpr std::size_t most_held = std::size_t{32} << 20U;

  std::map<std::string, SourceText> files_;
  std::size_t held_ = 0;
};

Json values_of(const Site& site) {
  return Json::array({site.live.bytes, site.live.blocks, site.peak.bytes, site.peak.blocks,
                      site.allocated_bytes, site.allocations, site.lost.bytes, site.lost.blocks,
                      site.temporary});
}

// From its first bucket that is not empty to its last: the first's number, then the counts. Empty: [].
Json filled_part(const Histogram& histogram) {
  const auto is_filled = [](std::uint64_t count) { return count != 0; };
  const auto* const first = std::ranges::find_if(histogram, is_filled);
  Json part = Json::array();
  if (first != histogram.end()) {
    part.push_back(first - histogram.begin());
    const auto last = std::find_if(histogram.rbegin(), histogram.rend(), is_filled).base();
    for (const auto* count = first; count != last; ++count) {
      part.push_back(*count);
    }
  }
  return part;
}

}  // namespace

std::string page_data(const Profile& profile, const std::string& name, Symbolizer& symbolizer,
                      const std::vector<std::string>& notes) {
  Strings strings;
  StackFrames frames{profile, symbolizer};
  Tree tree{frames, strings};
  Sources sources;
  Json json;
  json["arpent"] = page_format;
  json["name"] = printable(name);
  json["program"] = printable(profile.program);
  json["command_line"] = printable(profile.command_line);
  json["pid"] = profile.pid;
  json["start_time"] = profile.start_time;
  json["peak_bytes"] = profile.peak_bytes;
  json["leaks_known"] = leaks_are_known(profile);
  json["limits"] = Json::array();

  std::vector<std::size_t> order(profile.sites.size());
  for (std::size_t index = 0; index < order.size(); ++index) {
    order[index] = index;
  }
  std::ranges::stable_sort(order, std::greater{}, [&](std::size_t index) {
    const Site& site = profile.sites[index];
    return std::max({site.lost.bytes, site.peak.bytes, site.live.bytes});
  });
  Json sites = Json::array();
  std::size_t snippets = 0;
  for (const std::size_t index : order) {
    const Site& site = profile.sites[index];
    const Place place = place_of(site, frames);
    Json snippet = snippets < most_snippets ? sources.around(place) : Json(nullptr);
    snippets += snippet.is_null() ? 0 : 1;
    Json threads = Json::array();
    for (const ThreadShare& share : site.threads) {
      threads.push_back(Json::array({share.thread, share.allocations, share.allocated_bytes}));
    }
    sites.push_back(Json{{"node", tree.leaf_of(site)},
                         {"label", strings.index(site_label(site, frames))},
                         {"description", strings.index(site.description)},
                         {"type", strings.index(site.type)},
                         {"family", strings.index(family_name(site.family))},
                         {"file", strings.index(place.file)},
                         {"line", place.line},
                         {"intentional", site.intentional},
                         {"values", values_of(site)},
                         {"sizes", filled_part(site.sizes)},
                         {"lifetimes", filled_part(site.lifetimes)},
                         {"threads", std::move(threads)},
                         {"source", std::move(snippet)}});
  }
  json["sites"] = std::move(sites);
  json["owners"] = Json::array();
  for (const Owner& owner : profile.owners) {
    Json contents = Json::array();
    for (const Site& site : owner.contents) {
      contents.push_back(
          Json{{"label", strings.index(site_label(site, frames))}, {"values", values_of(site)}});
    }
    json["owners"].push_back(Json{{"label", strings.index(site_label(owner.site, frames))},
                                  {"made", owner.site.allocations},
                                  {"ended", owner.site.frees},
                                  {"contents", std::move(contents)}});
  }
  json["frames"] = tree.take_frames();
  json["nodes"] = tree.take_nodes();
  json["strings"] = strings.take();
  json["threads"] = Json::array();
  for (const Thread& thread : profile.threads) {
    json["threads"].push_back(Json{
        {"tid", thread.tid}, {"name", printable(thread.name)}, {"allocated_bytes", thread.allocated_bytes}});
  }
  json["timeline"] = Json::array();
  for (const TimelinePoint& point : profile.timeline) {
    json["timeline"].push_back(Json::array({point.milliseconds, point.live_bytes, point.resident_bytes}));
  }
  json["moments"] = Json::array();
  for (const Moment& moment : profile.moments) {
    json["moments"].push_back(Json::array({moment.milliseconds, printable(moment.label), moment.live_bytes}));
  }

  std::vector<std::string> sentences = notes;
  std::ranges::move(limits(profile), std::back_inserter(sentences));
  std::ranges::move(symbol_notes(symbolizer), std::back_inserter(sentences));  // all has been looked up
  json["limits"] = sentences;

  const std::string text = json.on_one_line();
  std::string safe;
  safe.reserve(text.size());
  for (const char character : text) {
    if (character == '<') {
      safe += "\\u003c";  // '<' stands only in strings of JSON
    } else {
      safe += character;
    }
  }
  return safe;
}

}  // namespace ar::profile

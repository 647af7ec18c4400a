#include "profile/write/flame_writers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <ranges>
#include <utility>
#include <vector>

#include "profile/model/text_format.hpp"
#include "profile/symbols/stack_frames.hpp"
#include "profile/write/json.hpp"

namespace ar::profile {
namespace {

// A name as folded stacks can hold it: a semicolon would end it.
std::string folded(const std::string& name) {
  std::string text = name;
  std::ranges::replace(text, ';', ':');
  return text;
}

}  // namespace

std::string collapsed_stacks(const Profile& profile, Symbolizer& symbolizer, Metric metric) {
  StackFrames frames{profile, symbolizer};
  std::map<std::string, std::uint64_t> stacks;
  for (const Site& site : profile.sites) {
    const std::uint64_t value = value_of(site, metric);
    if (value == 0) {
      continue;
    }
    std::vector<FrameNumber> stack = frames.of(site);
    std::string line;
    for (const FrameNumber number : stack | std::views::reverse) {
      line += line.empty() ? "" : ";";
      line += folded(frames.frame(number).name);
    }
    stacks[line] += value;
  }
  std::string out;
  for (const auto& [line, value] : stacks) {
    out += fmt::format("{} {}\n", line, value);
  }
  return out;
}

std::string speedscope_profile(const Profile& profile, Symbolizer& symbolizer, Metric first,
                               std::string_view version) {
  StackFrames frames{profile, symbolizer};
  Json table = Json::array();
  std::map<std::pair<std::string, std::string>, std::size_t> known;
  // One frame a function, whatever its line: speedscope joins by frame.
  const auto shared = [&](FrameNumber number) {
    const StackFrame& frame = frames.frame(number);
    const auto [entry, is_new] = known.try_emplace({frame.name, frame.file}, known.size());
    if (is_new) {
      Json json{{"name", frame.name}};
      if (!frame.file.empty()) {
        json["file"] = printable(frame.file);
      }
      table.push_back(std::move(json));
    }
    return entry->second;
  };
  std::vector<std::vector<std::size_t>> stacks;
  for (const Site& site : profile.sites) {
    std::vector<std::size_t> stack;
    for (const FrameNumber number : frames.of(site) | std::views::reverse) {
      stack.push_back(shared(number));
    }
    stacks.push_back(std::move(stack));
  }

  std::vector<MetricRow> order{metrics().begin(), metrics().end()};
  std::ranges::stable_partition(order, [&](const MetricRow& row) { return row.metric == first; });
  Json profiles = Json::array();
  for (const MetricRow& metric : order) {
    Json samples = Json::array();
    Json weights = Json::array();
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < stacks.size(); ++i) {
      if (const std::uint64_t value = metric.of_site(profile.sites[i]); value != 0) {
        samples.push_back(stacks[i]);
        weights.push_back(value);
        sum += value;
      }
    }
    if (sum != 0 || metric.metric == first) {
      profiles.push_back({{"type", "sampled"},
                          {"name", metric.description},
                          {"unit", metric.is_bytes ? "bytes" : "none"},
                          {"startValue", 0},
                          {"endValue", sum},
                          {"samples", std::move(samples)},
                          {"weights", std::move(weights)}});
    }
  }
  const Json json{{"$schema", "https://www.speedscope.app/file-format-schema.json"},
                  {"shared", {{"frames", std::move(table)}}},
                  {"profiles", std::move(profiles)},
                  {"name", printable(file_name(profile.program))},
                  {"activeProfileIndex", 0},
                  {"exporter", fmt::format("arpent {}", version)}};
  return json.on_one_line() + "\n";
}

}  // namespace ar::profile

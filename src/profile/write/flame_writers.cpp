#include "profile/write/flame_writers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <ranges>
#include <unordered_map>
#include <utility>
#include <vector>

#include "profile/model/text_format.hpp"
#include "profile/symbols/demangled_name.hpp"
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

// What the names of folded stacks take beyond usual_name each. When it is used up, the rest of them is cut: a
// long name repeats in every stack, and those of debug information are not bounded by the profile.
constexpr std::size_t most_of_long_names = std::size_t{128} << 20U;
constexpr std::size_t usual_name = 64;

}  // namespace

std::string collapsed_stacks(const Profile& profile, Symbolizer& symbolizer, Metric metric) {
  StackFrames frames{profile, symbolizer};
  // Names as numbers, because each repeats in many stacks. By the name itself: frames may share it.
  std::unordered_map<std::string, std::size_t> numbers;
  std::vector<const std::string*> names;
  const auto by_name = [&](const std::vector<std::uint32_t>& a, const std::vector<std::uint32_t>& b) {
    return std::ranges::lexicographical_compare(
        a, b, {}, [&](std::uint32_t number) -> const std::string& { return *names[number]; },
        [&](std::uint32_t number) -> const std::string& { return *names[number]; });
  };
  std::map<std::vector<std::uint32_t>, std::uint64_t, decltype(by_name)> stacks{by_name};
  for (const Site& site : profile.sites) {
    const std::uint64_t value = value_of(site, metric);
    if (value == 0) {
      continue;
    }
    std::vector<FrameNumber> stack = frames.of(site);
    std::vector<std::uint32_t> line;
    for (const FrameNumber number : stack | std::views::reverse) {
      const auto [name, is_new] = numbers.try_emplace(folded(frames.frame(number).name), names.size());
      if (is_new) {
        names.push_back(&name->first);
      }
      line.push_back(static_cast<std::uint32_t>(name->second));
    }
    stacks[std::move(line)] += value;
  }
  std::string out;
  std::size_t left = most_of_long_names;
  for (const auto& [line, value] : stacks) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      const std::string& name = *names[line[i]];
      const std::size_t more = name.size() - std::min(name.size(), usual_name);
      out += i == 0 ? "" : ";";
      out += more <= left ? name : bounded_name(name, usual_name);
      left -= std::min(left, more);
    }
    out += fmt::format(" {}\n", value);
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

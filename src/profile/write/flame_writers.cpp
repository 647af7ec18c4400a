#include "profile/write/flame_writers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <numeric>
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

constexpr std::size_t longest_number = 20;

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
  // Growing step by step would take half as much again.
  std::size_t size = 0;
  std::size_t longer = 0;
  std::size_t left = most_of_long_names;
  for (const auto& [line, value] : stacks) {
    size += longest_number + 2;
    for (const std::uint32_t number : line) {
      const std::size_t usual = std::min(names[number]->size(), usual_name);
      size += usual + 1;
      longer += names[number]->size() - usual;
    }
  }
  std::string out;
  out.reserve(size + std::min(longer, most_of_long_names));
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
  // As text, which each metric repeats.
  std::vector<std::string> stacks;
  std::size_t size = 0;
  for (const Site& site : profile.sites) {
    std::string stack = "[";
    for (const FrameNumber number : frames.of(site) | std::views::reverse) {
      stack += fmt::format("{}{}", stack.size() == 1 ? "" : ",", shared(number));
    }
    stack += ']';
    stack.shrink_to_fit();
    size += stack.size() + longest_number + 2;
    stacks.push_back(std::move(stack));
  }

  std::vector<MetricRow> order{metrics().begin(), metrics().end()};
  std::ranges::stable_partition(order, [&](const MetricRow& row) { return row.metric == first; });
  std::string out = fmt::format(
      R"({{"$schema":"https://www.speedscope.app/file-format-schema.json","shared":{{"frames":{}}},"profiles":[)",
      table.on_one_line());
  out.reserve(out.size() + size * order.size());
  std::string_view before_profile;
  for (const MetricRow& metric : order) {
    std::vector<std::uint64_t> weights;
    weights.reserve(profile.sites.size());
    for (const Site& site : profile.sites) {
      weights.push_back(metric.of_site(site));
    }
    const std::uint64_t sum = std::accumulate(weights.begin(), weights.end(), std::uint64_t{0});
    if (sum == 0 && metric.metric != first) {
      continue;
    }
    out +=
        fmt::format(R"({}{{"type":"sampled","name":{},"unit":"{}","startValue":0,"endValue":{},"samples":[)",
                    std::exchange(before_profile, ","), Json(metric.description).on_one_line(),
                    metric.is_bytes ? "bytes" : "none", sum);
    std::string_view before_sample;
    for (std::size_t i = 0; i < stacks.size(); ++i) {
      if (weights[i] != 0) {
        out += std::exchange(before_sample, ",");
        out += stacks[i];
      }
    }
    std::erase(weights, 0);
    out += fmt::format(R"(],"weights":{}}})", Json(weights).on_one_line());
  }
  out += fmt::format(R"(],"name":{},"activeProfileIndex":0,"exporter":"arpent {}"}})",
                     Json(printable(file_name(profile.program))).on_one_line(), version);
  return out + "\n";
}

}  // namespace ar::profile

#include "profile/change/difference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <unordered_map>
#include <utility>

#include "profile/model/call_sites.hpp"
#include "profile/model/text_format.hpp"
#include "profile/symbols/site_label.hpp"
#include "profile/symbols/stack_frames.hpp"

namespace ar::profile {
namespace {

// File and line were given to the allocation, and nothing else is known.
bool is_place_alone(const Site& site) { return site.stack == no_stack && site.address == 0; }

// As in other reports, but without the line: several are one here, and it changes with every build.
std::string label_of(const Site& site, StackFrames& frames) {
  const StackFrame& frame = frames.user_frame(frames.of(site));
  const std::string& file = has_own_place(site) ? site.file : frame.file;
  std::string label = is_place_alone(site) ? std::string{} : frame.name;
  if (!file.empty()) {
    label += fmt::format("{}{}", label.empty() ? "" : "  ", printable(shown_path(file)));
  }
  if (!site.description.empty()) {
    label += fmt::format("  \"{}\"", printable(site.description));
  }
  return label.empty() ? frame.name : label;
}

// What is shown or compared of frames, as numbers: each text repeats in many stacks.
class FrameTexts {
 public:
  using Text = std::string (*)(const StackFrame& frame);
  explicit FrameTexts(Text text) : text_(text) {}

  // Of a frame of the profile that is being added.
  [[nodiscard]] std::uint32_t of(FrameNumber number, const StackFrames& frames) {
    const auto [entry, is_new] = of_frames_.try_emplace(number);
    if (is_new) {
      const auto next = static_cast<std::uint32_t>(numbers_.size());
      entry->second = numbers_.try_emplace(text_(frames.frame(number)), next).first->second;
    }
    return entry->second;
  }
  void begin_profile() { of_frames_.clear(); }
  [[nodiscard]] std::vector<std::string> all() const {
    std::vector<std::string> texts(numbers_.size());
    for (const auto& [text, number] : numbers_) {
      texts[number] = text;
    }
    return texts;
  }

 private:
  Text text_;
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::unordered_map<FrameNumber, std::uint32_t> of_frames_;
};

// An address in a file without names tells at least which file.
std::string compared_text(const StackFrame& frame) {
  return fmt::format("{}@{}", frame.name, file_name(frame.file));
}

// The folder of a build may be another one.
std::string key_of(const Site& site, StackFrames& frames, FrameTexts& names) {
  std::string key = fmt::format("{}\n{}\n{}\n", site.description, site.type, file_name(site.file));
  if (is_place_alone(site)) {
    return key;
  }
  for (const FrameNumber number : frames.of(site)) {
    key += fmt::format("{:x}\n", names.of(number, frames));
  }
  return key;
}

class Comparison {
 public:
  Comparison(Grouping grouping, Symbolizer& symbolizer) : grouping_(grouping), symbolizer_(symbolizer) {}

  void add(const Profile& profile, Site ChangedSite::* side) {
    StackFrames frames{profile, symbolizer_};
    names_.begin_profile();
    lines_.begin_profile();
    const auto has_any = [](const Site& site) {
      return site.allocations + site.live.blocks + site.lost.blocks;
    };
    if (grouping_ != Grouping::site && grouping_ != Grouping::stack) {
      for (Group& group : grouped(frames, grouping_, has_any)) {
        add(group.label, std::move(group.label), {}, group.sum, side);
      }
      return;
    }
    for (const Site& site : profile.sites) {
      if (has_any(site) == 0) {
        continue;
      }
      std::vector<std::uint32_t> callers;
      if (grouping_ == Grouping::stack) {
        const std::vector<FrameNumber> stack = frames.of(site);
        for (std::size_t i = frames.user_index(stack) + 1; i < stack.size(); ++i) {
          callers.push_back(lines_.of(stack[i], frames));
        }
      }
      add(key_of(site, frames, names_), label_of(site, frames), std::move(callers), site, side);
    }
  }

  std::vector<ChangedSite> take(Metric metric) {
    for (ChangedSite& site : sites_) {
      const std::uint64_t before = value_of(site.before, metric);
      const std::uint64_t after = value_of(site.after, metric);
      site.growth = static_cast<std::int64_t>(after - before);
      site.change = before == after  ? Change::unchanged
                    : before == 0    ? Change::created
                    : after == 0     ? Change::gone
                    : after > before ? Change::grown
                                     : Change::shrunk;
    }
    std::ranges::stable_sort(sites_, std::greater{}, &ChangedSite::growth);
    return std::move(sites_);
  }

  [[nodiscard]] std::vector<std::string> lines() const { return lines_.all(); }

 private:
  void add(const std::string& key, std::string label, std::vector<std::uint32_t> callers, const Site& figures,
           Site ChangedSite::* side) {
    const auto [entry, is_new] = known_.try_emplace(key, sites_.size());
    if (is_new) {
      sites_.emplace_back();
    }
    ChangedSite& site = sites_[entry->second];
    site.label = std::move(label);
    site.callers = std::move(callers);
    Site part = figures;
    part.threads.clear();  // of two profiles: their numbers mean different threads
    add_figures(site.*side, part);
    (site.*side).intentional = figures.intentional;
  }

  Grouping grouping_;
  Symbolizer& symbolizer_;
  FrameTexts names_{compared_text};
  FrameTexts lines_{[](const StackFrame& frame) { return one_line(frame); }};
  std::vector<ChangedSite> sites_;
  std::unordered_map<std::string, std::size_t> known_;
};

}  // namespace

Difference difference(const Profile& before, const Profile& after, Metric metric, Grouping grouping,
                      Symbolizer& symbolizer) {
  Comparison comparison{grouping, symbolizer};
  comparison.add(before, &ChangedSite::before);
  comparison.add(after, &ChangedSite::after);
  return {.metric = metric,
          .before = before.totals,
          .after = after.totals,
          .before_value = value_of(before.totals, metric),
          .after_value = value_of(after.totals, metric),
          .sites = comparison.take(metric),
          .lines = comparison.lines()};
}

Metric usual_metric(const Profile& before, const Profile& after) {
  const bool same_process = before.processes == 1 && after.processes == 1 && before.pid == after.pid &&
                            before.start_time == after.start_time && before.program == after.program;
  return same_process ? Metric::live : Metric::peak;
}

std::string_view name_of(Change change) {
  switch (change) {
    case Change::created:
      return "new";
    case Change::grown:
      return "grown";
    case Change::unchanged:
      return "unchanged";
    case Change::shrunk:
      return "shrunk";
    case Change::gone:
      return "gone";
  }
  return "";
}

}  // namespace ar::profile

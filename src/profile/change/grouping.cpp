#include "profile/change/grouping.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

#include "profile/model/call_sites.hpp"
#include "profile/model/text_format.hpp"
#include "profile/symbols/site_label.hpp"

namespace ar::profile {
namespace {

std::string or_instead(const std::string& text, std::string_view instead) {
  return text.empty() ? std::string{instead} : printable(text);
}

const StackFrame& user_frame(const Site& site, StackFrames& frames) {
  return frames.user_frame(frames.of(site));
}

std::string function_of(const Site& site, StackFrames& frames) { return user_frame(site, frames).name; }

std::string module_of(const Site& site, StackFrames& frames) {
  const StackFrame& frame = user_frame(site, frames);
  if (!frame.module.empty()) {
    return printable(frame.module);
  }
  return has_own_place(site) ? "(not recorded)" : "(no module)";
}

std::string file_of(const Site& site, StackFrames& frames) {
  const std::string& path = has_own_place(site) ? site.file : user_frame(site, frames).file;
  return path.empty() ? fmt::format("(no file known in {})", module_of(site, frames))
                      : printable(shown_path(path));
}

std::string type_of(const Site& site, StackFrames& /*frames*/) { return or_instead(site.type, "(no type)"); }

std::string description_of(const Site& site, StackFrames& /*frames*/) {
  return or_instead(site.description, "(no description)");
}

constexpr std::array table{
    GroupingRow{.grouping = Grouping::site, .name = "site", .label = site_label},
    GroupingRow{.grouping = Grouping::function, .name = "function", .label = function_of},
    GroupingRow{.grouping = Grouping::file, .name = "file", .label = file_of},
    GroupingRow{.grouping = Grouping::module, .name = "module", .label = module_of},
    GroupingRow{.grouping = Grouping::thread, .name = "thread", .label = nullptr},
    GroupingRow{.grouping = Grouping::type, .name = "type", .label = type_of},
    GroupingRow{.grouping = Grouping::description, .name = "description", .label = description_of},
    GroupingRow{.grouping = Grouping::stack, .name = "stack", .label = site_label},
};

const GroupingRow& row_of(Grouping grouping) {
  return *std::ranges::find(table, grouping, &GroupingRow::grouping);
}

// Lines of callers as numbers, because each repeats in many stacks.
class CallerLines {
 public:
  explicit CallerLines(StackFrames& frames) : frames_(frames) {}

  void append_callers(const Site& site, std::string& key) {
    const std::vector<FrameNumber> stack = frames_.of(site);
    for (std::size_t i = frames_.user_index(stack) + 1; i < stack.size(); ++i) {
      const auto [entry, is_new] = of_frames_.try_emplace(stack[i]);
      if (is_new) {
        entry->second =
            numbers_.try_emplace(one_line(frames_.frame(stack[i])), numbers_.size()).first->second;
      }
      key += fmt::format("\n{:x}", entry->second);
    }
  }

 private:
  StackFrames& frames_;
  std::unordered_map<FrameNumber, std::size_t> of_frames_;
  std::unordered_map<std::string, std::size_t> numbers_;
};

class Groups {
 public:
  Groups(StackFrames& frames, Grouping grouping) : grouping_(grouping), frames_(frames), lines_(frames) {}

  void add(const Site& site) {
    const auto label = row_of(grouping_).label;
    if (label != nullptr) {
      std::string text = label(site, frames_);
      std::string key = text;
      if (grouping_ == Grouping::stack) {
        lines_.append_callers(site, key);
      }
      add(std::move(key), std::move(text), site);
      return;
    }
    for (const ThreadShare& share : site.threads) {
      Site part;
      part.allocations = share.allocations;
      part.allocated_bytes = share.allocated_bytes;
      const std::string thread = thread_label(share.thread);
      add(thread, thread, part);
    }
  }

  std::vector<Group> take() { return std::move(groups_); }

 private:
  void add(std::string key, std::string label, const Site& site) {
    const auto [entry, is_new] = known_.try_emplace(std::move(key), groups_.size());
    if (is_new) {
      groups_.push_back({.label = std::move(label), .sum = site});
    } else {
      add_figures(groups_[entry->second].sum, site);
    }
  }

  std::string thread_label(std::size_t index) const {
    const Thread& thread = frames_.profile().threads.at(index);
    return thread.name.empty() ? fmt::format("thread {}", thread.tid) : printable(thread.name);
  }

  Grouping grouping_;
  StackFrames& frames_;
  CallerLines lines_;
  std::vector<Group> groups_;
  std::unordered_map<std::string, std::size_t> known_;
};

}  // namespace

std::span<const GroupingRow> groupings() { return table; }

std::optional<Grouping> grouping_named(std::string_view name) {
  const auto* const found = std::ranges::find(table, name, &GroupingRow::name);
  return found == table.end() ? std::nullopt : std::optional{found->grouping};
}

std::string_view name_of(Grouping grouping) { return row_of(grouping).name; }

std::vector<Group> grouped(StackFrames& frames, Grouping grouping,
                           const std::function<std::uint64_t(const Site&)>& figure) {
  Groups groups{frames, grouping};
  for (const Site& site : frames.profile().sites) {
    if (figure(site) != 0) {
      groups.add(site);
    }
  }
  std::vector<Group> rows = groups.take();
  std::ranges::stable_sort(rows, std::greater{}, [&](const Group& row) { return figure(row.sum); });
  return rows;
}

}  // namespace ar::profile

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

constexpr std::array<std::pair<Grouping, std::string_view>, 8> names{{{Grouping::site, "site"},
                                                                      {Grouping::function, "function"},
                                                                      {Grouping::file, "file"},
                                                                      {Grouping::module, "module"},
                                                                      {Grouping::thread, "thread"},
                                                                      {Grouping::type, "type"},
                                                                      {Grouping::description, "description"},
                                                                      {Grouping::stack, "stack"}}};

std::string or_instead(const std::string& text, std::string_view instead) {
  return text.empty() ? std::string{instead} : printable(text);
}

class Groups {
 public:
  Groups(StackFrames& frames, Grouping grouping) : grouping_(grouping), frames_(frames) {}

  void add(const Site& site) {
    if (grouping_ == Grouping::thread) {
      for (const ThreadShare& share : site.threads) {
        Site part;
        part.allocations = share.allocations;
        part.allocated_bytes = share.allocated_bytes;
        add(thread_label(share.thread), {}, part);
      }
    } else if (grouping_ == Grouping::stack) {
      add(site_label(site, frames_), callers_of(site, frames_), site);
    } else {
      add(label(site), {}, site);
    }
  }

  std::vector<Group> take() { return std::move(groups_); }

 private:
  void add(std::string label, std::vector<std::string> below, const Site& site) {
    std::string key = label;
    for (const std::string& line : below) {
      key += '\n' + line;
    }
    const auto [entry, is_new] = known_.try_emplace(std::move(key), groups_.size());
    if (is_new) {
      groups_.push_back({.label = std::move(label), .below = std::move(below), .sum = site});
    } else {
      add_figures(groups_[entry->second].sum, site);
    }
  }

  std::string thread_label(std::size_t index) const {
    const Thread& thread = frames_.profile().threads.at(index);
    return thread.name.empty() ? fmt::format("thread {}", thread.tid) : printable(thread.name);
  }

  std::string label(const Site& site) {
    switch (grouping_) {
      case Grouping::function:
        return user_frame(site).name;
      case Grouping::file:
        return file(site);
      case Grouping::module:
        return module(site);
      case Grouping::type:
        return or_instead(site.type, "(no type)");
      case Grouping::description:
        return or_instead(site.description, "(no description)");
      case Grouping::site:
      case Grouping::thread:
      case Grouping::stack:
        break;
    }
    return site_label(site, frames_);
  }

  const StackFrame& user_frame(const Site& site) { return frames_.user_frame(frames_.of(site)); }

  std::string file(const Site& site) {
    const std::string& path = has_own_place(site) ? site.file : user_frame(site).file;
    return path.empty() ? fmt::format("(no file known in {})", module(site)) : printable(shown_path(path));
  }

  std::string module(const Site& site) {
    const StackFrame& frame = user_frame(site);
    if (!frame.module.empty()) {
      return printable(frame.module);
    }
    return has_own_place(site) ? "(not recorded)" : "(no module)";
  }

  Grouping grouping_;
  StackFrames& frames_;
  std::vector<Group> groups_;
  std::unordered_map<std::string, std::size_t> known_;
};

}  // namespace

std::optional<Grouping> grouping_named(std::string_view name) {
  const auto* const found = std::ranges::find(names, name, &std::pair<Grouping, std::string_view>::second);
  return found == names.end() || found->first == Grouping::site ? std::nullopt : std::optional{found->first};
}

std::string_view name_of(Grouping grouping) {
  return std::ranges::find(names, grouping, &std::pair<Grouping, std::string_view>::first)->second;
}

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

#include "profile/write/profile_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "profile/model/histograms.hpp"
#include "profile/model/survey.hpp"
#include "profile/model/text_format.hpp"
#include "profile/symbols/site_label.hpp"
#include "profile/write/profile_text.hpp"

namespace ar::profile {
namespace {

std::string title(const Profile& profile) {
  const std::string name = printable(file_name(profile.program));
  return profile.processes > 1 ? fmt::format("{} ({} processes)", name, profile.processes)
                               : fmt::format("{} (pid {})", name, profile.pid);
}

class Report {
 public:
  Report(const Profile& profile, Symbolizer& symbolizer, const ReportChoice& choice)
      : profile_(profile),
        symbolizer_(symbolizer),
        choice_(choice),
        text_(profile, symbolizer, choice.text) {}

  std::string write(const std::vector<std::string>& notes) {
    const std::string rest = body();
    std::string out = heading(title(profile_), text_.style());
    const auto add = [&](std::string_view name, const std::string& sentence) {
      if (!sentence.empty()) {
        out += summary_line(name, sentence, text_.style());
      }
    };
    const Totals& totals = profile_.totals;
    add("program", printable(profile_.command_line));
    add("allocated", text_.allocated());
    add("", most_of(totals.allocations, Metric::allocations));
    add("peak", peak());
    add("", most_of(totals.peak.bytes, Metric::peak));
    if (profile_.state == track::RunState::running || !leaks_are_known(profile_)) {
      add("live", fmt::format("{}, {} when the profile was taken", counted(totals.live.blocks, "block"),
                              as_size(totals.live.bytes)));
      add("", most_of(totals.live.bytes, Metric::live));
    }
    add("leaks", leaks());
    add("", most_of(totals.lost.bytes, Metric::leaked));
    add("temporary", text_.temporary());
    add("", most_of(totals.temporary, Metric::temporary));
    add("sizes", size_sentence(sizes_of(profile_.sites)));
    add("lifetimes", lifetime_sentence(lifetimes_of(profile_.sites)));
    add("threads", threads());
    for (const Moment& moment : profile_.moments) {
      add("moment", fmt::format("\"{}\" after {:.3f} s: {} live", printable(moment.label),
                                static_cast<double>(moment.milliseconds) / 1000, as_size(moment.live_bytes)));
    }
    add("ended", described_end(profile_));
    for (const std::string& note : notes) {
      add("note", note);
    }
    // All that the report shows has been looked up by now.
    for (const std::string& note : symbol_notes(symbolizer_)) {
      add("note", note);
    }
    add("note", text_.wrong_releases());
    for (const std::string& limit : limits(profile_)) {
      add("note", limit);
    }
    return out + rest;
  }

 private:
  std::string peak() const {
    std::string text = fmt::format("{} live at once", as_size(profile_.peak_bytes));
    if (profile_.processes > 1) {
      return fmt::format("{}: the sum of the processes' peaks", as_size(profile_.peak_bytes));
    }
    const auto highest = std::ranges::max_element(profile_.timeline, {}, &TimelinePoint::live_bytes);
    if (highest != profile_.timeline.end()) {
      text +=
          fmt::format(", about {:.3f} s after its start", static_cast<double>(highest->milliseconds) / 1000);
    }
    return text;
  }

  // The site that has most of it, when it has a share worth telling.
  std::string most_of(std::uint64_t whole, Metric metric) {
    const auto rows = text_.rows(Grouping::site, [&](const Site& site) { return value_of(site, metric); });
    if (rows.empty() || whole == 0) {
      return {};
    }
    const std::uint64_t first = value_of(rows.front().sum, metric);
    return fmt::format("most by {} ({})", rows.front().label, as_share(first, whole));
  }

  std::string leaks() const {
    if (leaks_are_known(profile_)) {
      return text_.leaks({});
    }
    switch (profile_.leak_scan) {
      case track::LeakScan::impossible:
        return "not scanned: there was no memory for it";
      case track::LeakScan::sandboxed:
        return "not scanned: the program had put itself into a sandbox (seccomp)";
      default:
        return "not scanned: that is done when a program exits";
    }
  }

  std::string threads() const {
    if (profile_.threads.empty()) {
      return {};
    }
    const auto most = std::ranges::max_element(profile_.threads, {}, &Thread::allocations);
    const std::string name = most->name.empty() ? fmt::format("thread {}", most->tid) : printable(most->name);
    return fmt::format("{}; most blocks by {} ({})", counted(profile_.threads.size(), "thread"), name,
                       as_share(most->allocations, profile_.totals.allocations));
  }

  std::string body() {
    const Metric metric = choice_.metric.value_or(Metric::peak);
    if (choice_.tree) {
      const TreeNode root = call_tree(profile_, metric, *choice_.tree, text_.frames());
      const std::string_view direction = described(*choice_.tree);
      if (root.children.empty()) {
        return fmt::format("\nNo {}.\n", described(metric));
      }
      return table_title(fmt::format("Tree of {}, {}", described(metric), direction), 0, 0, text_.style()) +
             tree_text(root, metric, choice_.text.top);
    }
    if (choice_.metric || choice_.grouping) {
      return table(metric, choice_.grouping.value_or(Grouping::site));
    }
    return text_.tables(leaks_are_known(profile_));
  }

  std::string table(Metric metric, Grouping grouping) {
    const bool by_thread = grouping == Grouping::thread;
    const auto rows = text_.rows(grouping, [&](const Site& site) { return figure(site, metric, by_thread); });
    const std::string_view name = grouping == Grouping::site ? "sites" : name_of(grouping);
    const std::string title = grouping == Grouping::site
                                  ? fmt::format("Sites, most {} first", described(metric))
                                  : fmt::format("By {}, most {} first", name, described(metric));
    if (rows.empty() || choice_.text.top == 0) {
      return rows.empty() ? fmt::format("\nNo {}.\n", described(metric)) : std::string{};
    }
    std::vector<std::string> columns{"total", "allocations"};
    if (!by_thread) {
      columns = {"leaked", "live", "peak", "total", "allocations", "temporary"};
    }
    columns.emplace_back(grouping == Grouping::site ? "site" : name);
    Table aligned{std::move(columns)};
    const std::size_t count = std::min(rows.size(), choice_.text.top);
    for (std::size_t i = 0; i < count; ++i) {
      const Group& row = rows[i];
      std::vector<std::string> cells;
      if (!by_thread) {
        cells = {as_size(value_of(row.sum, Metric::leaked)), as_size(row.sum.live.bytes),
                 as_size(row.sum.peak.bytes)};
      }
      cells.push_back(as_size(row.sum.allocated_bytes));
      cells.push_back(with_separators(row.sum.allocations));
      if (!by_thread) {
        cells.push_back(with_separators(row.sum.temporary));
      }
      cells.push_back(row.label);
      aligned.add(std::move(cells), grouping == Grouping::stack ? callers_of(row.sum, text_.frames())
                                                                : std::vector<std::string>{});
    }
    return table_title(title, count, rows.size(), text_.style()) + aligned.text("", "");
  }

  // Of a thread only this is known, so rows of threads are sorted by it.
  static std::uint64_t figure(const Site& site, Metric metric, bool by_thread) {
    if (by_thread) {
      return metric == Metric::allocations ? site.allocations : site.allocated_bytes;
    }
    return value_of(site, metric);
  }

  const Profile& profile_;
  Symbolizer& symbolizer_;
  const ReportChoice& choice_;
  ProfileText text_;
};

}  // namespace

std::string described_end(const Profile& profile) {
  switch (profile.state) {
    case track::RunState::exited:
      return "exited";
    case track::RunState::quick_exit:
      return "exited through _exit; not scanned for leaks";
    case track::RunState::running:
      break;
  }
  return "not when the profile was taken; or a signal, or exec, ended it";
}

std::string text_report(const Profile& profile, Symbolizer& symbolizer, const ReportChoice& choice,
                        const std::vector<std::string>& notes) {
  return Report{profile, symbolizer, choice}.write(notes);
}

}  // namespace ar::profile

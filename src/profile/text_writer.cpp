#include "profile/text_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "profile/site_label.hpp"
#include "profile/text_format.hpp"

namespace ar::profile {
namespace {

constexpr std::size_t longest_command = 60;
constexpr std::size_t heading_width = 78;
// A build can have thousands of followed children.
constexpr std::size_t most_children = 40;

struct Style {
  std::string_view bold;
  std::string_view alarm;
  std::string_view plain;
};

Style style_for(bool colour) {
  return colour ? Style{.bold = "\x1b[1m", .alarm = "\x1b[1;31m", .plain = "\x1b[0m"} : Style{};
}

std::string_view file_name(std::string_view path) { return path.substr(path.find_last_of('/') + 1); }

// A row of a table: the sites that read alike, for inlining and unrolling make many of one line.
struct Row {
  std::string label;
  Site sum;
};

void merge(Site& sum, const Site& site) {
  sum.allocations += site.allocations;
  sum.allocated_bytes += site.allocated_bytes;
  sum.temporary += site.temporary;
  sum.live += site.live;
  sum.peak += site.peak;
  sum.lost += site.lost;
  sum.reachable += site.reachable;
}

class Report {
 public:
  Report(const Survey& survey, Symbolizer& symbolizer, const TextOptions& options)
      : survey_(survey), symbolizer_(symbolizer), options_(options), style_(style_for(options.colour)) {}

  std::string write() {
    heading();
    if (survey_.main) {
      answers(*survey_.main);
    } else {
      answer("tracked", fmt::format("nothing: {}", survey_.why_not_tracked));
      answer("ended", ended());
    }
    notes();
    if (survey_.main) {
      tables(*survey_.main);
    }
    others();
    return std::move(out_);
  }

 private:
  void heading() {
    std::string title =
        fmt::format("== arpent: {} (pid {}) ", printable(file_name(survey_.program)), survey_.pid);
    if (title.size() < heading_width) {
      title.append(heading_width - title.size(), '=');
    }
    out_ += fmt::format("{}{}{}\n", style_.bold, title, style_.plain);
  }

  void answer(std::string_view name, std::string_view text) {
    out_ += fmt::format("  {}{:<10}{}  {}\n", style_.bold, name, style_.plain, text);
  }

  std::string ended() const {
    return fmt::format("{} after {:.2f} s", described(survey_.ending), survey_.ending.seconds);
  }

  void answers(const ProcessImage& image) {
    const Profile& profile = image.profile;
    const Totals& totals = profile.totals;
    answer("allocated", fmt::format("{}, {} in all; {} freed", counted(totals.allocations, "block"),
                                    as_size(totals.allocated_bytes), with_separators(totals.frees)));
    answer("peak", peak_answer(profile));
    answer("leaks", leaks_answer(image));
    answer("temporary",
           fmt::format("{} ({}) freed before the next allocation of the same thread",
                       counted(totals.temporary, "block"), as_share(totals.temporary, totals.allocations)));
    answer("ended", ended());
  }

  std::string peak_answer(const Profile& profile) {
    std::string text = fmt::format("{} live at once", as_size(profile.peak_bytes));
    const std::vector<Row> rows = rows_by(profile, [](const Site& site) { return site.peak.bytes; });
    if (rows.empty() || profile.totals.peak.bytes == 0) {
      return text;
    }
    text += fmt::format("; {} of it from one site",
                        as_share(rows.front().sum.peak.bytes, profile.totals.peak.bytes));
    if (rows.size() > 3) {
      std::uint64_t three = 0;
      for (std::size_t i = 0; i < 3; ++i) {
        three += rows[i].sum.peak.bytes;
      }
      text += fmt::format(", {} from three", as_share(three, profile.totals.peak.bytes));
    }
    return text;
  }

  std::string leaks_answer(const ProcessImage& image) const {
    const Totals& totals = image.profile.totals;
    if (is_live_at_death(image)) {
      return fmt::format("not looked for ({}); live at its end: {}, {}", described(image.end),
                         counted(totals.live.blocks, "block"), as_size(totals.live.bytes));
    }
    std::string text = totals.lost.blocks == 0 ? std::string{"nothing definitely lost"}
                                               : fmt::format("{}definitely lost: {}, {}{}", style_.alarm,
                                                             counted(totals.lost.blocks, "block"),
                                                             as_size(totals.lost.bytes), style_.plain);
    text += fmt::format("; still reachable: {}, {}", counted(totals.reachable.blocks, "block"),
                        as_size(totals.reachable.bytes));
    if (totals.intentional.blocks != 0) {
      text += fmt::format("; intentional: {}, {}", counted(totals.intentional.blocks, "block"),
                          as_size(totals.intentional.bytes));
    }
    return text;
  }

  void notes() {
    for (const std::string& note : survey_.notes) {
      answer("note", note);
    }
    if (!survey_.main) {
      return;
    }
    if (const std::uint64_t wrong = survey_.main->profile.mismatches; wrong != 0) {
      answer("note", fmt::format("{}{} did not fit: a double free, a pointer that was never allocated, or a "
                                 "pair such as new[] and delete.{}",
                                 style_.alarm, counted(wrong, "release"), style_.plain));
    }
    for (const std::string& limit : limits(*survey_.main)) {
      answer("note", limit);
    }
  }

  // The sites with a figure, largest first.
  std::vector<Row> rows_by(const Profile& profile, const std::function<std::uint64_t(const Site&)>& figure) {
    std::vector<Row> rows;
    std::unordered_map<std::string, std::size_t> known;
    for (const Site& site : profile.sites) {
      if (figure(site) == 0) {
        continue;
      }
      std::string label = this->label(profile, site);
      const auto [entry, is_new] = known.try_emplace(label, rows.size());
      if (is_new) {
        rows.push_back({std::move(label), site});
      } else {
        merge(rows[entry->second].sum, site);
      }
    }
    std::ranges::stable_sort(rows, std::greater{}, [&](const Row& row) { return figure(row.sum); });
    return rows;
  }

  const std::string& label(const Profile& profile, const Site& site) {
    auto [entry, is_new] = labels_.try_emplace(site.index);
    if (is_new) {
      entry->second = site_label(profile, site, symbolizer_);
    }
    return entry->second;
  }

  void table(std::string_view title, const Profile& profile, std::vector<std::string> heading,
             const std::function<std::uint64_t(const Site&)>& figure,
             const std::function<std::vector<std::string>(const Site&)>& cells) {
    const std::vector<Row> rows = rows_by(profile, figure);
    if (rows.empty() || options_.top == 0) {
      return;
    }
    Table aligned{std::move(heading)};
    for (std::size_t i = 0; i < std::min(rows.size(), options_.top); ++i) {
      std::vector<std::string> row = cells(rows[i].sum);
      row.push_back(rows[i].label);
      aligned.add(std::move(row));
    }
    out_ += fmt::format("\n{}{}{}", style_.bold, title, style_.plain);
    if (rows.size() > options_.top) {
      out_ += fmt::format(" (the first {} of {})", options_.top, with_separators(rows.size()));
    }
    out_ += '\n';
    out_ += aligned.text("", "");
  }

  void tables(const ProcessImage& image) {
    const Profile& profile = image.profile;
    const Totals& totals = profile.totals;
    table(
        "Definitely lost", profile, {"bytes", "blocks", "site"},
        [](const Site& site) {
          return site.intentional ? 0 : site.lost.bytes + (site.lost.blocks != 0 ? 1 : 0);
        },
        [](const Site& site) {
          return std::vector{as_size(site.lost.bytes), with_separators(site.lost.blocks)};
        });
    if (is_live_at_death(image)) {
      table(
          "Live at its end", profile, {"bytes", "blocks", "site"},
          [](const Site& site) { return site.live.bytes; },
          [](const Site& site) {
            return std::vector{as_size(site.live.bytes), with_separators(site.live.blocks)};
          });
    }
    table(
        "Live at the peak", profile, {"bytes", "share", "blocks", "site"},
        [](const Site& site) { return site.peak.bytes; },
        [&](const Site& site) {
          return std::vector{as_size(site.peak.bytes), as_share(site.peak.bytes, totals.peak.bytes),
                             with_separators(site.peak.blocks)};
        });
    table(
        "Allocations", profile, {"blocks", "share", "bytes", "site"},
        [](const Site& site) { return site.allocations; },
        [&](const Site& site) {
          return std::vector{with_separators(site.allocations),
                             as_share(site.allocations, totals.allocations), as_size(site.allocated_bytes)};
        });
    table(
        "Temporary allocations", profile, {"blocks", "of its own", "site"},
        [](const Site& site) { return site.temporary; },
        [](const Site& site) {
          return std::vector{with_separators(site.temporary), as_share(site.temporary, site.allocations)};
        });
  }

  void image_table(std::string_view title, const std::vector<const ProcessImage*>& images) {
    if (images.empty()) {
      return;
    }
    Table aligned{{"pid", "blocks", "bytes", "peak", "lost", "ended", "program"}};
    BlocksAndBytes lost;
    for (std::size_t i = 0; i < images.size(); ++i) {
      const Profile& profile = images[i]->profile;
      lost += profile.totals.lost;
      if (i >= most_children) {
        continue;
      }
      std::string command = printable(profile.command_line.empty() ? profile.program : profile.command_line);
      if (command.size() > longest_command) {
        command = printable(std::string_view{command}.substr(0, longest_command)) + "…";
      }
      aligned.add({std::to_string(profile.pid), with_separators(profile.totals.allocations),
                   as_size(profile.totals.allocated_bytes), as_size(profile.peak_bytes),
                   is_live_at_death(*images[i]) ? "?" : as_size(profile.totals.lost.bytes),
                   described(images[i]->end), std::move(command)});
    }
    out_ += fmt::format("\n{}{}{}", style_.bold, title, style_.plain);
    if (images.size() > most_children) {
      out_ += fmt::format(" (the first {} of {}; definitely lost in all of them: {})", most_children,
                          with_separators(images.size()), as_size(lost.bytes));
    }
    out_ += '\n';
    out_ += aligned.text("", "");
  }

  void others() {
    std::vector<const ProcessImage*> earlier;
    std::vector<const ProcessImage*> children;
    for (const ProcessImage& image : survey_.others) {
      (image.profile.pid == survey_.pid ? earlier : children).push_back(&image);
    }
    image_table("Programs that the process was before exec", earlier);
    image_table("Children that were followed", children);
  }

  const Survey& survey_;
  Symbolizer& symbolizer_;
  const TextOptions& options_;
  Style style_;
  std::string out_;
  std::unordered_map<std::uint32_t, std::string> labels_;  // of the main image, by origin index
};

}  // namespace

std::string text_report(const Survey& survey, Symbolizer& symbolizer, const TextOptions& options) {
  return Report{survey, symbolizer, options}.write();
}

}  // namespace ar::profile

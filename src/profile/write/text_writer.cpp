#include "profile/write/text_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "profile/model/text_format.hpp"
#include "profile/write/profile_text.hpp"

namespace ar::profile {
namespace {

constexpr std::size_t longest_command = 60;
// A build can have thousands of followed children.
constexpr std::size_t most_children = 40;

class Report {
 public:
  Report(const Survey& survey, Symbolizer& symbolizer, const TextOptions& options)
      : survey_(survey), symbolizer_(symbolizer), options_(options), style_(style_for(options.colour)) {}

  std::string write() {
    out_ += heading(fmt::format("{} (pid {})", printable(file_name(survey_.program)), survey_.pid), style_);
    std::optional<ProfileText> text;
    if (survey_.main) {
      text.emplace(survey_.main->profile, symbolizer_, options_);
      summary(*survey_.main, *text);
    } else {
      line("tracked", fmt::format("nothing: {}", survey_.why_not_tracked));
      line("ended", ended());
    }
    notes(text ? text->wrong_releases() : std::string{});
    if (text && survey_.main) {
      out_ += text->tables(leaks_are_known(survey_.main->profile));
    }
    others();
    return std::move(out_);
  }

 private:
  void line(std::string_view name, std::string_view text) { out_ += summary_line(name, text, style_); }

  std::string ended() const {
    return fmt::format("{} after {:.2f} s", described(survey_.ending), survey_.ending.seconds);
  }

  void summary(const ProcessImage& image, ProfileText& text) {
    line("allocated", text.allocated());
    line("peak", text.peak());
    line("leaks", text.leaks(leaks_are_known(image.profile) ? std::string{} : described(image.end)));
    line("temporary", text.temporary());
    line("ended", ended());
  }

  void notes(const std::string& wrong_releases) {
    for (const std::string& note : survey_.notes) {
      line("note", note);
    }
    if (!survey_.main) {
      return;
    }
    if (!wrong_releases.empty()) {
      line("note", wrong_releases);
    }
    for (const std::string& limit : limits(survey_.main->profile)) {
      line("note", limit);
    }
    if (const ProcessCounts counts = count_processes(survey_); counts.all > 1 && counts.unscanned != 0) {
      line("note", fmt::format("{}: what they lost is not known.", unscanned_sentence(counts)));
    }
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
                   leaks_are_known(profile) ? as_size(profile.totals.lost.bytes) : "?",
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
    untracked();
  }

  // One row per explanation: a build can start the same program thousands of times.
  void untracked() {
    std::map<std::string_view, std::size_t> processes;
    for (const UntrackedProgram& program : survey_.untracked) {
      if (program.pid != survey_.pid) {
        ++processes[program.explanation];
      }
    }
    if (processes.empty()) {
      return;
    }
    out_ += fmt::format("\n{}Children that were not tracked{}\n", style_.bold, style_.plain);
    Table aligned{{"processes", "because"}};
    for (const auto& [explanation, count] : processes) {
      aligned.add({with_separators(count), std::string{explanation}});
    }
    out_ += aligned.text("", "");
  }

  const Survey& survey_;
  Symbolizer& symbolizer_;
  const TextOptions& options_;
  Style style_;
  std::string out_;
};

}  // namespace

std::string text_report(const Survey& survey, Symbolizer& symbolizer, const TextOptions& options) {
  return Report{survey, symbolizer, options}.write();
}

}  // namespace ar::profile

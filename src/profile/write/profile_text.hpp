// What texts about one profile have in common: the sentences of the summary, and the tables of sites.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "profile/change/grouping.hpp"
#include "profile/model/profile.hpp"
#include "profile/symbols/stack_frames.hpp"
#include "profile/symbols/symbols.hpp"
#include "profile/write/text_style.hpp"

namespace ar::profile {

// Not thread-safe. The profile and the symbolizer must outlive it.
class ProfileText {
 public:
  ProfileText(const Profile& profile, Symbolizer& symbolizer, const TextOptions& options)
      : profile_(profile),
        frames_(profile, symbolizer),
        options_(options),
        style_(style_for(options.colour)) {}

  // Sentences for the summary.
  [[nodiscard]] std::string allocated() const;
  [[nodiscard]] std::string peak();
  [[nodiscard]] std::string temporary() const;
  // `why_not_scanned` is empty if the program was scanned for leaks.
  [[nodiscard]] std::string leaks(std::string_view why_not_scanned) const;
  // Nothing when no release was wrong.
  [[nodiscard]] std::string wrong_releases() const;

  // The tables of what was lost (or live at the end), live at the peak, allocated and temporary, and of
  // arenas. Tables without rows are left out.
  [[nodiscard]] std::string tables(bool leaks_are_known);

  [[nodiscard]] std::vector<Group> rows(Grouping grouping,
                                        const std::function<std::uint64_t(const Site&)>& figure) {
    return grouped(frames_, grouping, figure);
  }
  [[nodiscard]] StackFrames& frames() { return frames_; }
  [[nodiscard]] const Style& style() const { return style_; }

 private:
  std::string table(std::string_view title, std::vector<std::string> columns,
                    const std::function<std::uint64_t(const Site&)>& figure,
                    const std::function<std::vector<std::string>(const Site&)>& cells);

  const Profile& profile_;
  StackFrames frames_;
  TextOptions options_;
  Style style_;
};

}  // namespace ar::profile

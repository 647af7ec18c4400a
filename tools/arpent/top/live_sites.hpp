// What a running process's sites hold, and how that changes from one look to the next.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "profile/model/profile.hpp"
#include "profile/symbols/stack_frames.hpp"
#include "profile/symbols/symbols.hpp"

namespace ar::command {

// What rows are sorted by, largest first.
enum class TopOrder : std::uint8_t { live, grown, peak, allocations, bytes, temporary };
inline constexpr std::array all_top_orders{TopOrder::live,        TopOrder::grown, TopOrder::peak,
                                           TopOrder::allocations, TopOrder::bytes, TopOrder::temporary};
[[nodiscard]] std::string_view name_of(TopOrder order);  // as on the command line
[[nodiscard]] std::optional<TopOrder> top_order_named(std::string_view name);

// Figures of a site, or of the whole process.
struct LiveFigures {
  profile::BlocksAndBytes live;
  std::int64_t grown = 0;  // live bytes, since the mark
  std::uint64_t peak_bytes = 0;
  // A second, between the last two looks; 0 at the first.
  double allocations = 0;
  double bytes = 0;
  double temporary = 0;
};

struct LiveSite {
  std::string label;
  LiveFigures figures;
};

// Not thread-safe.
class LiveSites {
 public:
  // `seconds`: when the profile was read, by a clock that does not go back. The profile of another process,
  // or of another program in the same, begins anew.
  void look(profile::Profile profile, double seconds);

  // Growth counts from here on.
  void mark();

  // Those whose label contains `filter` (ASCII letters match in either case), sorted by `order`.
  [[nodiscard]] std::vector<LiveSite> sites(TopOrder order, std::string_view filter) const;
  [[nodiscard]] LiveFigures total() const { return figures_of(all_, last_, marked_); }

  // Of the stack that holds most at a site: the callers, innermost first. Empty when it is not known.
  [[nodiscard]] std::vector<std::string> callers(const std::string& label);

  [[nodiscard]] const profile::Profile& profile() const { return profile_; }
  [[nodiscard]] double seconds_since_mark() const { return now_ - marked_at_; }

 private:
  struct Sums {
    profile::BlocksAndBytes live;
    std::uint64_t peak_bytes = 0;
    std::uint64_t allocations = 0;
    std::uint64_t bytes = 0;
    std::uint64_t temporary = 0;
    std::uint32_t largest_site = 0;  // index into Profile::sites
    std::uint64_t largest_bytes = 0;
  };
  using SumsByLabel = std::map<std::string, Sums, std::less<>>;

  [[nodiscard]] bool continues(const profile::Profile& next) const;
  [[nodiscard]] LiveFigures figures_of(const Sums& now, const Sums& before, std::uint64_t marked) const;
  const std::string& label_of(const profile::Site& site, profile::StackFrames& frames);

  profile::Profile profile_;
  profile::Symbolizer symbolizer_;
  std::unordered_map<std::uint32_t, std::string> labels_;  // by origin: looked up once
  SumsByLabel sums_;
  SumsByLabel sums_before_;
  std::map<std::string, std::uint64_t, std::less<>> marked_bytes_;
  Sums all_;
  Sums last_;
  std::uint64_t marked_ = 0;
  double now_ = 0;
  double before_ = 0;
  double marked_at_ = 0;
  bool has_looked_ = false;
};

}  // namespace ar::command

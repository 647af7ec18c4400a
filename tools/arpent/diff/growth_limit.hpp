// How much growth `arpent diff` lets pass.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ar::command {

struct GrowthLimit {
  double amount = 0;  // bytes, blocks or per cent
  bool per_cent = false;
};

// "0", "65536", "64KiB", "1.5MiB", "5%": none for anything else.
[[nodiscard]] std::optional<GrowthLimit> growth_limit(std::string_view text);

[[nodiscard]] bool exceeds(const GrowthLimit& limit, std::uint64_t before, std::uint64_t after);

// The arguments with a value of 0 after each --fail-on-growth that has none: what follows it is a value only
// when it reads as one, for it may be the name of a profile.
[[nodiscard]] std::vector<std::string> with_growth_value(const std::vector<std::string>& arguments);

}  // namespace ar::command

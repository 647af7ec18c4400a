#include "arpent/diff/growth_limit.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace ar::command {
namespace {

constexpr std::string_view option = "--fail-on-growth";

constexpr std::array<std::pair<std::string_view, double>, 7> units{{{"", 1},
                                                                    {"B", 1},
                                                                    {"KiB", 1024.0},
                                                                    {"MiB", 1024.0 * 1024},
                                                                    {"GiB", 1024.0 * 1024 * 1024},
                                                                    {"TiB", 1024.0 * 1024 * 1024 * 1024},
                                                                    {"%", 1}}};

}  // namespace

std::optional<GrowthLimit> growth_limit(std::string_view text) {
  GrowthLimit limit;
  const char* const end = text.data() + text.size();
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): it reads up to `end`
  const auto number = std::from_chars(text.data(), end, limit.amount, std::chars_format::fixed);
  if (number.ec != std::errc{} || !std::isfinite(limit.amount) || limit.amount < 0) {
    return std::nullopt;
  }
  std::string_view unit{number.ptr, end};
  if (unit.starts_with(' ')) {
    unit.remove_prefix(1);
  }
  for (const auto& [name, factor] : units) {
    if (unit == name) {
      limit.amount *= factor;
      limit.per_cent = name == "%";
      return limit;
    }
  }
  return std::nullopt;
}

bool exceeds(const GrowthLimit& limit, std::uint64_t before, std::uint64_t after) {
  if (after <= before) {
    return false;
  }
  const auto growth = static_cast<double>(after - before);
  return growth > (limit.per_cent ? limit.amount / 100 * static_cast<double>(before) : limit.amount);
}

std::vector<std::string> with_growth_value(const std::vector<std::string>& arguments) {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    result.push_back(arguments[i]);
    if (arguments[i] == option && (i + 1 == arguments.size() || !growth_limit(arguments[i + 1]))) {
      result.emplace_back("0");
    }
  }
  return result;
}

}  // namespace ar::command

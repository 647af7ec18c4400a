// What a report can be sorted by: one figure of a site.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "profile/model/profile.hpp"

namespace ar::profile {

enum class Measure : std::uint8_t {
  live,         // bytes
  peak,         // bytes
  total,        // bytes
  allocations,  // calls
  temporary,    // calls
  leaked,       // bytes
};

inline constexpr std::array all_measures{Measure::live,        Measure::peak,      Measure::total,
                                         Measure::allocations, Measure::temporary, Measure::leaked};

[[nodiscard]] std::string_view name_of(Measure measure);  // "live", as on the command line
[[nodiscard]] std::optional<Measure> measure_named(std::string_view name);
[[nodiscard]] std::string_view described(Measure measure);  // "live bytes"
[[nodiscard]] bool is_bytes(Measure measure);

// Of `leaked`, intentional and suppressed leaks are left out.
[[nodiscard]] std::uint64_t value_of(const Site& site, Measure measure);
[[nodiscard]] std::uint64_t value_of(const Totals& totals, Measure measure);

// "1.5 KiB" or "1,500".
[[nodiscard]] std::string shown(std::uint64_t value, Measure measure);

}  // namespace ar::profile

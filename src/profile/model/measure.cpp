#include "profile/model/measure.hpp"

#include <algorithm>

#include "profile/model/text_format.hpp"

namespace ar::profile {

std::string_view name_of(Measure measure) {
  switch (measure) {
    case Measure::live:
      return "live";
    case Measure::peak:
      return "peak";
    case Measure::total:
      return "total";
    case Measure::allocations:
      return "allocations";
    case Measure::temporary:
      return "temporary";
    case Measure::leaked:
      return "leaked";
  }
  return "";
}

std::optional<Measure> measure_named(std::string_view name) {
  const auto* const found = std::ranges::find(all_measures, name, &name_of);
  return found == all_measures.end() ? std::nullopt : std::optional{*found};
}

std::string_view described(Measure measure) {
  switch (measure) {
    case Measure::live:
      return "live bytes";
    case Measure::peak:
      return "bytes live at the peak";
    case Measure::total:
      return "allocated bytes";
    case Measure::allocations:
      return "allocations";
    case Measure::temporary:
      return "temporary allocations";
    case Measure::leaked:
      return "definitely lost bytes";
  }
  return "";
}

bool is_bytes(Measure measure) { return measure != Measure::allocations && measure != Measure::temporary; }

std::uint64_t value_of(const Site& site, Measure measure) {
  switch (measure) {
    case Measure::live:
      return site.live.bytes;
    case Measure::peak:
      return site.peak.bytes;
    case Measure::total:
      return site.allocated_bytes;
    case Measure::allocations:
      return site.allocations;
    case Measure::temporary:
      return site.temporary;
    case Measure::leaked:
      return site.intentional ? 0 : site.lost.bytes;
  }
  return 0;
}

std::uint64_t value_of(const Totals& totals, Measure measure) {
  switch (measure) {
    case Measure::live:
      return totals.live.bytes;
    case Measure::peak:
      return totals.peak.bytes;
    case Measure::total:
      return totals.allocated_bytes;
    case Measure::allocations:
      return totals.allocations;
    case Measure::temporary:
      return totals.temporary;
    case Measure::leaked:
      return totals.lost.bytes;
  }
  return 0;
}

std::string shown(std::uint64_t value, Measure measure) {
  return is_bytes(measure) ? as_size(value) : with_separators(value);
}

}  // namespace ar::profile

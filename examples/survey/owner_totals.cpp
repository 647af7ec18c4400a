#include "owner_totals.hpp"

#include <ar_heap.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <vector>

namespace survey {

void OwnerTotals::add(const parcel& land, double square_metres) {
  Total& total = by_owner_[land.owner];
  total.square_metres += square_metres;
  total.parcels += total.parcels.empty() ? land.name : std::string(", ") + land.name;
}

char* OwnerTotals::summary() const {
  std::vector<const decltype(by_owner_)::value_type*> order;
  order.reserve(by_owner_.size());
  for (const auto& entry : by_owner_) {
    order.push_back(&entry);
  }
  std::ranges::sort(order, std::greater{}, [](const auto* entry) { return entry->second.square_metres; });

  std::string text;
  for (const auto* entry : order) {
    char line[160];
    std::snprintf(line, sizeof line, "  %-10s %10.1f m2   %s\n", entry->first.c_str(),
                  entry->second.square_metres, entry->second.parcels.c_str());
    text += line;
  }
  return AR__HEAP__STRDUP(text.c_str(), "owner totals: the finished summary");
}

}  // namespace survey

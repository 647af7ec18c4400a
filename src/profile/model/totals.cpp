#include "profile/model/totals.hpp"

namespace ar::profile {

Totals totals_of(std::span<const Site> sites) {
  Totals totals;
  for (const Site& site : sites) {
    totals.allocations += site.allocations;
    totals.allocated_bytes += site.allocated_bytes;
    totals.frees += site.frees;
    totals.freed_bytes += site.freed_bytes;
    totals.temporary += site.temporary;
    totals.live += site.live;
    totals.peak += site.peak;
    totals.runtime += site.runtime;
    totals.suppressed += site.suppressed;
    if (site.intentional) {
      totals.intentional += site.lost;
      totals.intentional += site.reachable;
    } else {
      totals.lost += site.lost;
      totals.reachable += site.reachable;
    }
  }
  return totals;
}

}  // namespace ar::profile

#include "profile/call_sites.hpp"

#include <algorithm>
#include <cstddef>

namespace ar::profile {

namespace {

void add_share(std::vector<ThreadShare>& to, const ThreadShare& from) {
  const auto known = std::ranges::find(to, from.thread, &ThreadShare::thread);
  if (known == to.end()) {
    to.push_back(from);
    return;
  }
  known->allocations += from.allocations;
  known->allocated_bytes += from.allocated_bytes;
}

}  // namespace

void add_figures(Site& to, const Site& from) {
  to.allocations += from.allocations;
  to.allocated_bytes += from.allocated_bytes;
  to.frees += from.frees;
  to.freed_bytes += from.freed_bytes;
  to.temporary += from.temporary;
  to.live += from.live;
  to.peak += from.peak;
  to.lost += from.lost;
  to.reachable += from.reachable;
  to.suppressed += from.suppressed;
  for (std::size_t bucket = 0; bucket < histogram_buckets; ++bucket) {
    to.lifetimes[bucket] += from.lifetimes[bucket];
    to.sizes[bucket] += from.sizes[bucket];
  }
  for (const ThreadShare& share : from.threads) {
    add_share(to.threads, share);
  }
}

}  // namespace ar::profile

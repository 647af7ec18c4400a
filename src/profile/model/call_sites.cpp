#include "profile/model/call_sites.hpp"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

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
  to.runtime += from.runtime;
  to.suppressed += from.suppressed;
  for (std::size_t bucket = 0; bucket < histogram_buckets; ++bucket) {
    to.lifetimes[bucket] += from.lifetimes[bucket];
    to.sizes[bucket] += from.sizes[bucket];
  }
  for (const ThreadShare& share : from.threads) {
    add_share(to.threads, share);
  }
}

namespace {

void join_stacks(std::vector<Site>& sites) {
  join_sites(sites, [](Site& site) {
    const bool has_stack = std::exchange(site.stack, no_stack) != no_stack;
    return has_stack ? std::optional{std::tuple{site.module, site.address, site.family, site.file, site.line,
                                                site.description, site.type}}
                     : std::nullopt;
  });
}

}  // namespace

void join_stacks(Profile& profile) {
  join_stacks(profile.sites);
  for (Owner& owner : profile.owners) {
    join_stacks(owner.contents);
  }
}

}  // namespace ar::profile

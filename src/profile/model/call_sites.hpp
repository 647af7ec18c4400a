// Sites of a profile, joined into fewer.
#pragma once

#include <cstddef>
#include <map>
#include <type_traits>
#include <utility>
#include <vector>

#include "profile/model/profile.hpp"

namespace ar::profile {

// Adds what happened at `from` to the figures of `to`; what the site is stays as it was.
void add_figures(Site& to, const Site& from);

// Makes one site of those with the same key, at the place of the earliest, with the sums of their figures.
// `key_of` returns an optional key, and may change the site that it is called for; sites without a key stay
// alone.
template <typename KeyOf>
void join_sites(std::vector<Site>& sites, KeyOf key_of) {
  std::map<typename std::invoke_result_t<KeyOf, Site&>::value_type, std::size_t> known;
  std::vector<Site> joined;
  for (Site& site : sites) {
    const auto key = key_of(site);
    const auto [at, is_new] = key ? known.try_emplace(*key, joined.size()) : std::pair{known.end(), true};
    if (is_new) {
      joined.push_back(std::move(site));
    } else {
      add_figures(joined[at->second], site);
    }
  }
  sites = std::move(joined);
}

// Makes one site of those that differ in their stacks alone, at the place of the earliest; no site has a
// stack then. Totals stay as they are.
void join_stacks(Profile& profile);

}  // namespace ar::profile

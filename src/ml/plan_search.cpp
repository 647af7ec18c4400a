#include "ml/plan_search.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>
#include <ranges>
#include <tuple>

namespace ar::ml {
namespace {

constexpr std::uint64_t shortest_run = 1U << 18U;
constexpr std::uint64_t steps_between_clocks = 256;
constexpr std::size_t most_failed = 1U << 16U;
constexpr std::size_t failed_an_item = 64;

std::uint64_t mixed(std::uint64_t value) {
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31U);
}

}  // namespace

Search::Search(std::span<const Item> items, std::int32_t steps)
    : items_(items.begin(), items.end()),
      steps_(steps),
      offsets_(items.size()),
      rank_(items.size()),
      meets_(items.size()),
      sum_(static_cast<std::size_t>(steps)),
      twins_(items.size()),
      failed_(std::min(most_failed, failed_an_item * std::bit_ceil(items.size() + 1))) {
  for (std::size_t one = 0; one < items_.size(); ++one) {
    const Item& here = items_[one];
    for (std::size_t other = 0; other < items_.size(); ++other) {
      const Item& there = items_[other];
      if (one != other && here.first <= there.last && there.first <= here.last) {
        meets_[one].push_back(static_cast<std::int32_t>(other));
        if (here.first == there.first && here.last == there.last) {
          twins_[one].push_back(static_cast<std::int32_t>(other));
        }
      }
    }
  }
}

Answer Search::fit(Units capacity, std::uint64_t longest_run, Clock::time_point deadline) {
  capacity_ = capacity;
  deadline_ = deadline;
  out_of_time_ = Clock::now() >= deadline;
  for (std::uint64_t length = std::min(shortest_run, longest_run); !out_of_time_; length *= 2) {
    for (std::size_t kind = 0; kind < order_kinds && !out_of_time_; ++kind) {
      const Answer answer = run(kind, length);
      if (answer != Answer::unknown) {
        return answer;
      }
    }
    if (length > longest_run / 2) {
      break;
    }
  }
  return Answer::unknown;
}

Answer Search::run(std::size_t kind, std::uint64_t steps_allowed) {
  kind_ = kind;
  const std::size_t count = items_.size();
  support_.assign(count, 0);
  placed_at_.assign(count, 0);
  is_placed_.assign(count, 0);
  to_come_.assign(static_cast<std::size_t>(steps_), 0);
  crossing_.assign(static_cast<std::size_t>(steps_), 0);
  changes_.clear();
  ++runs_;
  for (const Item& item : items_) {
    for (std::int32_t step = item.first; step <= item.last; ++step) {
      to_come_[static_cast<std::size_t>(step)] += item.size;
    }
    for (std::int32_t step = item.first; step < item.last; ++step) {
      ++crossing_[static_cast<std::size_t>(step)];
    }
  }
  if (std::ranges::any_of(to_come_, [this](Units sum) { return sum > capacity_; })) {
    return Answer::does_not_fit;
  }
  steps_left_ = steps_allowed;
  until_clock_ = steps_between_clocks;
  std::vector<std::int32_t> all(count);
  std::iota(all.begin(), all.end(), 0);
  rank_ = all;
  rank_items(kind_, items_, all, to_come_, rank_);
  first_rank_ = rank_;
  const Answer answer = place_rest(all, {});
  if (answer == Answer::fits) {
    offsets_ = placed_at_;
  }
  return answer;
}

bool Search::out_of_steps(std::size_t items) {
  if (out_of_time_ || steps_left_ == 0) {
    return true;
  }
  steps_left_ -= std::min<std::uint64_t>(steps_left_, items);
  if (--until_clock_ == 0) {
    until_clock_ = steps_between_clocks;
    out_of_time_ = Clock::now() >= deadline_;
  }
  return out_of_time_;
}

void Search::place(std::int32_t item, Units offset) {
  const auto index = static_cast<std::size_t>(item);
  const Item& placed = items_[index];
  is_placed_[index] = 1;
  placed_at_[index] = offset;
  for (std::int32_t step = placed.first; step <= placed.last; ++step) {
    to_come_[static_cast<std::size_t>(step)] -= placed.size;
  }
  for (std::int32_t step = placed.first; step < placed.last; ++step) {
    --crossing_[static_cast<std::size_t>(step)];
  }
  const Units top = offset + placed.size;
  for (const std::int32_t other : meets_[index]) {
    Units& support = support_[static_cast<std::size_t>(other)];
    if (is_placed_[static_cast<std::size_t>(other)] == 0 && support < top) {
      changes_.push_back({other, support});
      support = top;
    }
  }
}

void Search::take_back(std::int32_t item, std::size_t changes) {
  while (changes_.size() > changes) {
    support_[static_cast<std::size_t>(changes_.back().item)] = changes_.back().support;
    changes_.pop_back();
  }
  const auto index = static_cast<std::size_t>(item);
  is_placed_[index] = 0;
  for (std::int32_t step = items_[index].first; step <= items_[index].last; ++step) {
    to_come_[static_cast<std::size_t>(step)] += items_[index].size;
  }
  for (std::int32_t step = items_[index].first; step < items_[index].last; ++step) {
    ++crossing_[static_cast<std::size_t>(step)];
  }
}

Search::Region Search::region_of(std::span<const std::int32_t> items) const {
  Region region{steps_, -1};
  for (const std::int32_t item : items) {
    const Item& here = items_[static_cast<std::size_t>(item)];
    region.first = std::min(region.first, here.first);
    region.last = std::max(region.last, here.last);
  }
  return region;
}

bool Search::is_in_turn(std::int32_t item, Last last) const {
  const auto index = static_cast<std::size_t>(item);
  return support_[index] > last.offset || (support_[index] == last.offset && rank_[index] > last.rank);
}

// What is not in turn where it stands waits for one to be placed below it, and that one begins at a support,
// or stands on one that is in turn.
Units Search::lowest_offset(std::int32_t item, Last last, Units lowest_top) const {
  const auto index = static_cast<std::size_t>(item);
  if (is_in_turn(item, last)) {
    return support_[index];
  }
  Units lowest = std::numeric_limits<Units>::max() / 2;
  for (const std::int32_t other : meets_[index]) {
    const auto below = static_cast<std::size_t>(other);
    if (is_placed_[below] == 0) {
      lowest =
          std::min(lowest, (is_in_turn(other, last) ? support_[below] : lowest_top) + items_[below].size);
    }
  }
  return lowest;
}

bool Search::is_possible(const Component& component, Last last) {
  conflict_ = component.region;
  Units lowest_top = std::numeric_limits<Units>::max();
  for (const std::int32_t item : component.items) {
    if (is_in_turn(item, last)) {
      const auto index = static_cast<std::size_t>(item);
      lowest_top = std::min(lowest_top, support_[index] + items_[index].size);
    }
  }
  if (lowest_top > capacity_) {
    return false;
  }
  lows_.clear();
  for (const std::int32_t item : component.items) {
    const Units lowest = lowest_offset(item, last, lowest_top);
    if (lowest + items_[static_cast<std::size_t>(item)].size > capacity_) {
      return false;
    }
    lows_.push_back({lowest, item});
  }
  std::ranges::sort(lows_, [](const Low& one, const Low& other) { return one.offset > other.offset; });
  std::fill(sum_.begin() + component.region.first, sum_.begin() + component.region.last + 1, 0);
  Units* const sum = sum_.data();
  for (const Low& low : lows_) {
    const Item& here = items_[static_cast<std::size_t>(low.item)];
    Units most = 0;
    for (std::int32_t step = here.first; step <= here.last; ++step) {
      sum[step] += here.size;
      most = std::max(most, sum[step]);
    }
    if (low.offset + most > capacity_) {
      return false;
    }
  }
  return true;
}

// Splits what is to come into components, by time; the small ones first: when they fail, they fail soon.
std::vector<Search::Component> Search::components_of(std::span<const std::int32_t> items) const {
  std::vector<std::int32_t> rest;
  rest.reserve(items.size());
  for (const std::int32_t item : items) {
    if (is_placed_[static_cast<std::size_t>(item)] == 0) {
      rest.push_back(item);
    }
  }
  const Region whole = region_of(rest);
  std::vector<Component> components;
  for (std::int32_t first = whole.first, step = whole.first; step <= whole.last; ++step) {
    if (crossing_[static_cast<std::size_t>(step)] == 0) {
      components.push_back({{first, step}, {}});
      first = step + 1;
    }
  }
  if (components.size() == 1) {
    components[0].items.swap(rest);
    return components;
  }
  std::ranges::sort(rest, {},
                    [this](std::int32_t item) { return items_[static_cast<std::size_t>(item)].first; });
  std::size_t component = 0;
  for (const std::int32_t item : rest) {
    while (items_[static_cast<std::size_t>(item)].first > components[component].region.last) {
      ++component;
    }
    components[component].items.push_back(item);
  }
  std::erase_if(components, [](const Component& one) { return one.items.empty(); });
  std::ranges::sort(components, {}, [](const Component& one) { return one.items.size(); });
  return components;
}

Answer Search::place_rest(std::span<const std::int32_t> items, Last last) {
  const std::vector<Component> components = components_of(items);
  const bool apart = components.size() > 1;
  for (const Component& component : components) {
    // One alone meets nothing that is to come, so it may be set down at once, also out of turn.
    const bool possible = component.items.size() == 1
                              ? support_[static_cast<std::size_t>(component.items[0])] +
                                        items_[static_cast<std::size_t>(component.items[0])].size <=
                                    capacity_
                              : is_possible(component, apart ? Last{} : last);
    if (!possible) {
      conflict_ = component.region;
      return Answer::does_not_fit;
    }
  }
  const std::size_t changes = changes_.size();
  std::vector<std::int32_t> done;
  for (const Component& component : components) {
    const Answer answer = apart ? place_apart(component) : place_all(component, last);
    if (answer != Answer::fits) {
      for (const std::int32_t item : done) {
        take_back(item, changes);
      }
      return answer;
    }
    done.insert(done.end(), component.items.begin(), component.items.end());
  }
  return Answer::fits;
}

Answer Search::place_apart(const Component& component) {
  std::vector<std::int32_t> ranks_before;
  ranks_before.reserve(component.items.size());
  for (const std::int32_t item : component.items) {
    ranks_before.push_back(rank_[static_cast<std::size_t>(item)]);
  }
  rank_items(kind_, items_, component.items, to_come_, rank_);
  const Answer answer = place_all(component, {});
  for (std::size_t index = 0; index < component.items.size(); ++index) {
    rank_[static_cast<std::size_t>(component.items[index])] = ranks_before[index];
  }
  return answer;
}

bool Search::is_upon_later_twin(std::int32_t item) const {
  const auto index = static_cast<std::size_t>(item);
  return std::ranges::any_of(twins_[index], [&](std::int32_t twin) {
    const auto below = static_cast<std::size_t>(twin);
    return is_placed_[below] != 0 && first_rank_[below] > first_rank_[index] &&
           placed_at_[below] + items_[below].size == support_[index];
  });
}

// Everything that the search of the component depends on; the run, because each has its own ranks.
Search::Failed Search::hash_of(const Component& component, Last last) const {
  Failed hash{.one = mixed(runs_)};
  for (const std::int32_t item : component.items) {
    const auto index = static_cast<std::size_t>(item);
    const std::uint64_t here =
        mixed((static_cast<std::uint64_t>(item) << 33U) + static_cast<std::uint64_t>(support_[index]) * 2 +
              (is_in_turn(item, last) && !is_upon_later_twin(item) ? 1 : 0));
    hash.one += here;
    hash.other += mixed(here + 0x9e3779b97f4a7c15U);
  }
  return hash;
}

// On any answer but `fits`, everything is as it was.
Answer Search::place_all(const Component& component, Last last) {
  const std::vector<std::int32_t>& items = component.items;
  if (items.size() == 1) {
    place(items[0], support_[static_cast<std::size_t>(items[0])]);
    return Answer::fits;
  }
  Failed failed = hash_of(component, last);
  Failed& known = failed_[failed.one % failed_.size()];
  if (known.one == failed.one && known.other == failed.other) {
    conflict_ = known.conflict;
    return Answer::does_not_fit;
  }
  Units lowest_top = std::numeric_limits<Units>::max();
  for (const std::int32_t item : items) {
    const auto index = static_cast<std::size_t>(item);
    lowest_top = std::min(lowest_top, support_[index] + items_[index].size);
  }
  std::vector<Low> candidates;
  for (const std::int32_t item : items) {
    const Units offset = support_[static_cast<std::size_t>(item)];
    if (offset < lowest_top && is_in_turn(item, last) && !is_upon_later_twin(item)) {
      candidates.push_back({offset, item});
    }
  }
  const Region region = component.region;
  const Units most_to_come =
      *std::max_element(to_come_.begin() + region.first, to_come_.begin() + region.last + 1);
  std::ranges::sort(candidates, [this](const Low& one, const Low& other) {
    return std::tie(one.offset, rank_[static_cast<std::size_t>(one.item)]) <
           std::tie(other.offset, rank_[static_cast<std::size_t>(other.item)]);
  });
  failed.conflict = {steps_, -1};
  for (const Low& candidate : candidates) {
    if (candidate.offset + most_to_come > capacity_) {
      break;
    }
    if (out_of_steps(items.size())) {
      return Answer::unknown;
    }
    const std::size_t changes = changes_.size();
    place(candidate.item, candidate.offset);
    const Answer answer =
        place_rest(items, {candidate.offset, rank_[static_cast<std::size_t>(candidate.item)]});
    if (answer == Answer::fits) {
      return answer;
    }
    take_back(candidate.item, changes);
    if (answer == Answer::unknown) {
      return answer;
    }
    const Item& placed = items_[static_cast<std::size_t>(candidate.item)];
    failed.conflict = {std::min(failed.conflict.first, conflict_.first),
                       std::max(failed.conflict.last, conflict_.last)};
    if (failed.conflict.first > placed.last || placed.first > failed.conflict.last) {
      conflict_ = failed.conflict;
      known = failed;
      return answer;
    }
  }
  failed.conflict = region;
  conflict_ = region;
  known = failed;
  return Answer::does_not_fit;
}

}  // namespace ar::ml

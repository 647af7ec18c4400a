#include "ml/plan_search.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <random>
#include <ranges>
#include <tuple>

namespace ar::ml {
namespace {

// Four orders of keys, with durations as given and as counted in steps; from the second round on, the latter
// give way to the same four with noise.
constexpr std::size_t orders = 4;
constexpr std::size_t preferences_a_round = 2 * orders;
constexpr std::uint64_t shortest_run = 1U << 13U;
constexpr std::uint64_t steps_between_clocks = 256;

}  // namespace

Search::Search(std::span<const Item> items, std::int32_t steps)
    : given_(items.begin(), items.end()), steps_(steps), offsets_(items.size()) {}

void Search::prefer(std::size_t preference) {
  const std::size_t count = given_.size();
  std::vector<std::int64_t> crowd(static_cast<std::size_t>(steps_));
  for (const Item& item : given_) {
    for (std::int32_t step = item.first; step <= item.last; ++step) {
      crowd[static_cast<std::size_t>(step)] += item.size;
    }
  }
  struct Key {
    double first, second, third;
    std::size_t index;
  };
  std::minstd_rand random{static_cast<std::minstd_rand::result_type>(preference + 1)};
  std::uniform_real_distribution<double> noise{0.8, 1.25};
  const bool has_noise = preference >= preferences_a_round;
  std::vector<Key> keys(count);
  for (std::size_t index = 0; index < count; ++index) {
    const Item& item = given_[index];
    double width = preference < orders || has_noise ? item.duration : item.last - item.first + 1;
    double area = width * item.size;
    auto total =
        static_cast<double>(*std::max_element(crowd.begin() + item.first, crowd.begin() + item.last + 1));
    if (has_noise) {
      width *= noise(random);
      area *= noise(random);
      total *= noise(random);
    }
    switch (preference % orders) {
      case 0:
        keys[index] = {area, width, total, index};
        break;
      case 1:
        keys[index] = {total, area, width, index};
        break;
      case 2:
        keys[index] = {total, width, area, index};
        break;
      default:
        keys[index] = {width, area, total, index};
        break;
    }
  }
  std::ranges::sort(keys, [](const Key& one, const Key& other) {
    return std::tie(other.first, other.second, other.third, one.index) <
           std::tie(one.first, one.second, one.third, other.index);
  });
  items_.resize(count);
  given_index_.resize(count);
  for (std::size_t rank = 0; rank < count; ++rank) {
    given_index_[rank] = keys[rank].index;
    items_[rank] = given_[keys[rank].index];
  }
  meets_.assign(count, {});
  for (std::size_t one = 0; one < count; ++one) {
    for (std::size_t other = 0; other < count; ++other) {
      if (one != other && items_[one].first <= items_[other].last &&
          items_[other].first <= items_[one].last) {
        meets_[one].push_back(static_cast<std::int32_t>(other));
      }
    }
  }
}

Answer Search::fit(Units capacity, std::uint64_t longest_run, Clock::time_point deadline) {
  capacity_ = capacity;
  deadline_ = deadline;
  out_of_time_ = Clock::now() >= deadline;
  std::uint64_t run_steps = std::min(shortest_run, longest_run);
  for (std::size_t round = 0; !out_of_time_; ++round) {
    for (std::size_t turn = 0; turn < preferences_a_round && !out_of_time_; ++turn) {
      prefer(turn < orders ? turn : round * preferences_a_round + turn);
      const Answer answer = run(run_steps);
      if (answer != Answer::unknown) {
        return answer;
      }
    }
    if (run_steps > longest_run / 4) {
      break;
    }
    run_steps *= 4;
  }
  return Answer::unknown;
}

Answer Search::run(std::uint64_t steps_allowed) {
  const std::size_t count = items_.size();
  support_.assign(count, 0);
  placed_at_.assign(count, 0);
  is_placed_.assign(count, 0);
  to_come_.assign(static_cast<std::size_t>(steps_), 0);
  crossing_.assign(static_cast<std::size_t>(steps_), 0);
  floor_.assign(static_cast<std::size_t>(steps_), 0);
  changes_.clear();
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
  const Answer answer = place_rest(all, 0, -1);
  if (answer == Answer::fits) {
    for (std::size_t rank = 0; rank < count; ++rank) {
      offsets_[given_index_[rank]] = placed_at_[rank];
    }
  }
  return answer;
}

bool Search::out_of_steps() {
  if (out_of_time_ || steps_left_ == 0) {
    return true;
  }
  --steps_left_;
  if (--until_clock_ == 0) {
    until_clock_ = steps_between_clocks;
    out_of_time_ = Clock::now() >= deadline_;
  }
  return out_of_time_;
}

void Search::place(std::int32_t item, Units offset) {
  const auto rank = static_cast<std::size_t>(item);
  const Item& placed = items_[rank];
  is_placed_[rank] = 1;
  placed_at_[rank] = offset;
  for (std::int32_t step = placed.first; step <= placed.last; ++step) {
    to_come_[static_cast<std::size_t>(step)] -= placed.size;
  }
  for (std::int32_t step = placed.first; step < placed.last; ++step) {
    --crossing_[static_cast<std::size_t>(step)];
  }
  const Units top = offset + placed.size;
  for (const std::int32_t other : meets_[rank]) {
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
  const auto rank = static_cast<std::size_t>(item);
  is_placed_[rank] = 0;
  for (std::int32_t step = items_[rank].first; step <= items_[rank].last; ++step) {
    to_come_[static_cast<std::size_t>(step)] += items_[rank].size;
  }
  for (std::int32_t step = items_[rank].first; step < items_[rank].last; ++step) {
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

bool Search::is_possible(const Component& component, Units last_offset) {
  const auto& [region, items] = component;
  Units* const floor = floor_.data();
  const Units* const to_come = to_come_.data();
  Units most_to_come = 0;
  for (std::int32_t step = region.first; step <= region.last; ++step) {
    floor[step] = capacity_;
    most_to_come = std::max(most_to_come, to_come[step]);
  }
  if (last_offset + most_to_come > capacity_) {
    return false;
  }
  conflict_ = region;
  for (const std::int32_t item : items) {
    const Item& here = items_[static_cast<std::size_t>(item)];
    const Units lowest = std::max(support_[static_cast<std::size_t>(item)], last_offset);
    if (lowest + here.size > capacity_) {
      return false;
    }
    for (std::int32_t step = here.first; step <= here.last; ++step) {
      floor[step] = std::min(floor[step], lowest);
    }
  }
  Units most = 0;
  for (std::int32_t step = region.first; step <= region.last; ++step) {
    most = std::max(most, floor[step] + to_come[step]);
  }
  return most <= capacity_;
}

// Splits what is to come into components, by time, and places each.
Answer Search::place_rest(std::span<const std::int32_t> items, Units last_offset, std::int32_t last_item) {
  std::vector<std::int32_t> rest;
  rest.reserve(items.size());
  for (const std::int32_t item : items) {
    if (is_placed_[static_cast<std::size_t>(item)] == 0) {
      rest.push_back(item);
    }
  }
  if (rest.empty()) {
    return Answer::fits;
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
  } else {
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
    // The small ones first: when they fail, they fail soon.
    std::ranges::sort(components, {}, [](const Component& one) { return one.items.size(); });
  }
  for (const Component& component : components) {
    if (!is_possible(component, last_offset)) {
      return Answer::does_not_fit;
    }
  }
  const std::size_t changes = changes_.size();
  std::vector<std::int32_t> done;
  for (const Component& component : components) {
    const Answer answer = place_all(component, last_offset, last_item);
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

// On any answer but `fits`, everything is as it was.
Answer Search::place_all(const Component& component, Units last_offset, std::int32_t last_item) {
  const std::vector<std::int32_t>& items = component.items;
  if (items.size() == 1) {
    // Meets nothing that is to come; is_possible has seen that it fits.
    place(items[0], support_[static_cast<std::size_t>(items[0])]);
    return Answer::fits;
  }
  struct Candidate {
    Units offset;
    std::int32_t item;
  };
  std::vector<Candidate> candidates;
  Units lowest_top = std::numeric_limits<Units>::max();
  for (const std::int32_t item : items) {
    const auto rank = static_cast<std::size_t>(item);
    lowest_top = std::min(lowest_top, support_[rank] + items_[rank].size);
  }
  for (const std::int32_t item : items) {
    const Units offset = support_[static_cast<std::size_t>(item)];
    if (offset < lowest_top && (offset > last_offset || (offset == last_offset && item > last_item))) {
      candidates.push_back({offset, item});
    }
  }
  const Region region = component.region;
  Units most_to_come = 0;
  for (std::int32_t step = region.first; step <= region.last; ++step) {
    most_to_come = std::max(most_to_come, to_come_[static_cast<std::size_t>(step)]);
  }
  std::ranges::sort(candidates, [](const Candidate& one, const Candidate& other) {
    return std::tie(one.offset, one.item) < std::tie(other.offset, other.item);
  });
  Region tried{steps_, -1};
  for (const Candidate& candidate : candidates) {
    if (candidate.offset + most_to_come > capacity_) {
      break;
    }
    if (out_of_steps()) {
      return Answer::unknown;
    }
    const std::size_t changes = changes_.size();
    place(candidate.item, candidate.offset);
    const Answer answer = place_rest(items, candidate.offset, candidate.item);
    if (answer == Answer::fits) {
      return answer;
    }
    take_back(candidate.item, changes);
    const Item& placed = items_[static_cast<std::size_t>(candidate.item)];
    tried = {std::min(tried.first, conflict_.first), std::max(tried.last, conflict_.last)};
    conflict_ = tried;
    if (answer == Answer::unknown || conflict_.first > placed.last || placed.first > conflict_.last) {
      return answer;
    }
  }
  conflict_ = region;
  return Answer::does_not_fit;
}

}  // namespace ar::ml

#include "arpent/ml/plan.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>
#include <utility>

#include "ml/plan_search.hpp"

namespace ar::ml {
namespace {

constexpr std::uint64_t first_run = 1U << 20U;  // steps of the search
constexpr std::size_t largest_sum = PTRDIFF_MAX;

// By size, the largest first, each into the smallest gap between what is alive with it.
std::vector<std::size_t> greedy_by_size(std::span<const Lifetime> lifetimes,
                                        std::span<const std::size_t> sizes) {
  const std::size_t count = lifetimes.size();
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, [&](std::size_t one, std::size_t other) {
    return sizes[one] != sizes[other] ? sizes[one] > sizes[other] : one < other;
  });
  std::vector<std::size_t> offsets(count);
  std::vector<std::size_t> by_offset;  // of what is placed
  for (const std::size_t index : order) {
    const Lifetime& here = lifetimes[index];
    std::size_t best = 0;
    std::size_t best_gap = std::numeric_limits<std::size_t>::max();
    bool found = false;
    std::size_t top = 0;
    for (const std::size_t other : by_offset) {
      if (lifetimes[other].lower >= here.upper || here.lower >= lifetimes[other].upper) {
        continue;
      }
      if (offsets[other] > top) {
        const std::size_t gap = offsets[other] - top;
        if (gap >= sizes[index] && gap < best_gap) {
          best = top;
          best_gap = gap;
          found = true;
        }
      }
      top = std::max(top, offsets[other] + sizes[other]);
    }
    offsets[index] = found ? best : top;
    const auto place = std::ranges::upper_bound(by_offset, offsets[index], {},
                                                [&](std::size_t other) { return offsets[other]; });
    by_offset.insert(place, index);
  }
  return offsets;
}

std::size_t total_of(std::span<const std::size_t> offsets, std::span<const std::size_t> sizes) {
  std::size_t total = 0;
  for (std::size_t index = 0; index < offsets.size(); ++index) {
    total = std::max(total, offsets[index] + sizes[index]);
  }
  return total;
}

struct Searched {
  std::vector<Item> items;
  std::vector<std::size_t> index;  // of the lifetime
  std::int32_t steps = 0;
  std::size_t unit = 1;  // bytes
};

// What the search works on; nothing when it is too much for its types.
std::optional<Searched> in_units(std::span<const Lifetime> lifetimes, std::span<const std::size_t> sizes) {
  Searched searched;
  std::size_t unit = 0;
  std::size_t sum = 0;
  std::vector<std::int64_t> begins;
  for (std::size_t index = 0; index < lifetimes.size(); ++index) {
    unit = std::gcd(unit, sizes[index]);
    sum += sizes[index];
    if (sizes[index] != 0) {
      begins.push_back(lifetimes[index].lower);
    }
  }
  if (unit == 0 || sum / unit > std::numeric_limits<Units>::max() / 4 || lifetimes.size() > 100'000) {
    return std::nullopt;
  }
  searched.unit = unit;
  // Only the times at which something begins: between two of them, what is alive only becomes less.
  std::ranges::sort(begins);
  const auto repeated = std::ranges::unique(begins);
  begins.erase(repeated.begin(), repeated.end());
  searched.steps = static_cast<std::int32_t>(begins.size());
  for (std::size_t index = 0; index < lifetimes.size(); ++index) {
    if (sizes[index] != 0) {
      const auto first = std::ranges::lower_bound(begins, lifetimes[index].lower) - begins.begin();
      const auto last = std::ranges::lower_bound(begins, lifetimes[index].upper) - begins.begin() - 1;
      searched.items.push_back(
          {static_cast<std::int32_t>(first), static_cast<std::int32_t>(last),
           static_cast<Units>(sizes[index] / unit),
           static_cast<double>(lifetimes[index].upper) - static_cast<double>(lifetimes[index].lower)});
      searched.index.push_back(index);
    }
  }
  return searched;
}

class Improvement {
 public:
  Improvement(Plan& plan, std::span<const Lifetime> lifetimes, std::span<const std::size_t> sizes,
              const PlanOptions& options)
      : plan_(plan), sizes_(sizes), deadline_(Search::Clock::now() + options.time_limit) {
    if (auto searched = in_units(lifetimes, sizes)) {
      searched_ = std::move(*searched);
      search_.emplace(searched_.items, searched_.steps);
    }
  }

  void to_fit(std::size_t capacity) {
    if (search_) {
      plan_.refuted = attempt(*search_, units(capacity), std::numeric_limits<std::uint64_t>::max()) ==
                      Answer::does_not_fit;
    }
  }

  // First at the bound, which real networks mostly reach; then by halves between what is refuted and the best
  // plan.
  void to_least() {
    if (!search_) {
      return;
    }
    Units refuted = units(plan_.lower_bound) - 1;
    for (std::uint64_t longest_run = first_run; refuted + 1 < best(); longest_run *= 4) {
      Units given_up = refuted;
      Units target = refuted + 1;
      while (given_up + 1 < best()) {
        switch (attempt(*search_, target, longest_run)) {
          case Answer::fits:
            break;
          case Answer::does_not_fit:
            refuted = std::max(refuted, target);
            given_up = std::max(given_up, target);
            break;
          case Answer::unknown:
            given_up = std::max(given_up, target);
            break;
        }
        if (Search::Clock::now() >= deadline_) {
          plan_.proved = refuted + 1 >= best();
          return;
        }
        target = given_up + std::max<Units>(1, (best() - given_up) / 2);
        target = std::min(target, best() - 1);
      }
    }
    plan_.proved = true;
  }

 private:
  [[nodiscard]] Units units(std::size_t bytes) const {
    return static_cast<Units>(
        std::min<std::size_t>(bytes / searched_.unit, std::numeric_limits<Units>::max() / 2));
  }
  [[nodiscard]] Units best() const { return units(plan_.total); }

  Answer attempt(Search& search, Units capacity, std::uint64_t longest_run) {
    const Answer answer = search.fit(capacity, longest_run, deadline_);
    if (answer == Answer::fits) {
      for (std::size_t item = 0; item < searched_.index.size(); ++item) {
        plan_.offsets[searched_.index[item]] =
            static_cast<std::size_t>(search.offsets()[item]) * searched_.unit;
      }
      plan_.total = total_of(plan_.offsets, sizes_);
    }
    return answer;
  }

  Plan& plan_;
  std::span<const std::size_t> sizes_;
  Search::Clock::time_point deadline_;
  Searched searched_;
  std::optional<Search> search_;
};

}  // namespace

const char* message(PlanFault fault) noexcept {
  switch (fault) {
    case PlanFault::empty_lifetime:
      return "its lifetime is empty: upper must be larger than lower";
    case PlanFault::too_large:
      return "the sizes together are more than an address space holds";
    case PlanFault::bad_alignment:
      return "the alignment is no power of two";
  }
  return "unknown fault";
}

std::size_t largest_alive(std::span<const Lifetime> lifetimes) {
  struct Event {
    std::int64_t time;
    bool begins;
    std::size_t size;
  };
  std::vector<Event> events;
  events.reserve(2 * lifetimes.size());
  for (const Lifetime& lifetime : lifetimes) {
    if (lifetime.lower < lifetime.upper) {
      events.push_back({lifetime.lower, true, lifetime.size});
      events.push_back({lifetime.upper, false, lifetime.size});
    }
  }
  // At equal times, ends come first.
  std::ranges::sort(events, [](const Event& one, const Event& other) {
    return std::pair{one.time, one.begins} < std::pair{other.time, other.begins};
  });
  // Sums of many sizes may pass 64 bits.
  __extension__ using Wide = unsigned __int128;
  Wide alive = 0;
  Wide most = 0;
  for (const Event& event : events) {
    alive = event.begins ? alive + event.size : alive - event.size;
    most = std::max(most, alive);
  }
  return static_cast<std::size_t>(std::min<Wide>(most, std::numeric_limits<std::size_t>::max()));
}

std::expected<Plan, PlanError> plan(std::span<const Lifetime> lifetimes, const PlanOptions& options) {
  if (!std::has_single_bit(options.alignment)) {
    return std::unexpected(PlanError{PlanFault::bad_alignment, 0});
  }
  std::vector<std::size_t> sizes(lifetimes.size());
  std::vector<Lifetime> rounded{lifetimes.begin(), lifetimes.end()};
  std::size_t sum = 0;
  for (std::size_t index = 0; index < lifetimes.size(); ++index) {
    if (lifetimes[index].upper <= lifetimes[index].lower) {
      return std::unexpected(PlanError{PlanFault::empty_lifetime, index});
    }
    const std::size_t size = lifetimes[index].size;
    const std::size_t padding = (0 - size) & (options.alignment - 1);
    if (size > largest_sum - sum || padding > largest_sum - sum - size) {
      return std::unexpected(PlanError{PlanFault::too_large, index});
    }
    sizes[index] = size + padding;
    rounded[index].size = sizes[index];
    sum += sizes[index];
  }
  Plan plan;
  plan.offsets = greedy_by_size(lifetimes, sizes);
  plan.total = total_of(plan.offsets, sizes);
  plan.lower_bound = largest_alive(rounded);
  plan.proved = plan.total == plan.lower_bound;
  if (options.capacity && *options.capacity < plan.lower_bound) {
    plan.refuted = true;
  }
  if (plan.proved || (options.capacity && plan.total <= *options.capacity)) {
    return plan;
  }
  Improvement improvement{plan, lifetimes, sizes, options};
  if (options.capacity && !plan.refuted) {
    improvement.to_fit(*options.capacity);
    plan.proved = plan.total == plan.lower_bound;
  } else {
    improvement.to_least();
  }
  return plan;
}

}  // namespace ar::ml

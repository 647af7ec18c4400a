// Whether tensors fit a capacity: a complete search.
//
// Its ideas are Moffitt's (see <arpent/ml/plan.hpp>):
//   Canonical solutions   Every plan can be pushed down until each tensor stands on another or on the ground.
//   So
//                         tensors are placed in the order of their offsets (of their numbers, where equal),
//                         each on top of what was placed: a plan is reached by one sequence only.
//   Dominance             A tensor is not placed so high that another one would fit below it.
//   Spatial inference     At each time step, what is still to come cannot begin below the lowest place that
//   one of
//                         them can take there; with their sum it must not pass the capacity.
//   Decomposition         Tensors to come that never meet, directly or through others, are separate problems.
// And two of our own: a tensor that meets none of those to come is set down at once, outside the order; and
// runs are bounded in steps and repeated with other preferences and larger bounds, because most of the time a
// bad choice near the root is what makes a run long.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace ar::ml {

using Units = std::int32_t;

// A tensor in units: `first` to `last`, both included, are the time steps at which it is alive.
struct Item {
  std::int32_t first;
  std::int32_t last;
  Units size;
  double duration;  // in the time of the lifetimes
};

enum class Answer : unsigned char { fits, does_not_fit, unknown };

class Search {
 public:
  using Clock = std::chrono::steady_clock;

  // All sizes are positive and their sum fits Units; time steps are numbered from 0 to `steps` - 1.
  Search(std::span<const Item> items, std::int32_t steps);

  // Unknown when `longest_run` steps of each preference, or the time, were not enough.
  [[nodiscard]] Answer fit(Units capacity, std::uint64_t longest_run, Clock::time_point deadline);

  // Of the last answer `fits`, in the order of the items.
  [[nodiscard]] const std::vector<Units>& offsets() const { return offsets_; }

 private:
  // Time steps, both included.
  struct Region {
    std::int32_t first;
    std::int32_t last;
  };
  // Items to come, in order, that meet directly or through others, and when.
  struct Component {
    Region region;
    std::vector<std::int32_t> items;
  };
  struct Change {
    std::int32_t item;
    Units support;
  };

  // The order of candidates that can be placed equally low.
  void prefer(std::size_t preference);
  [[nodiscard]] Answer run(std::uint64_t steps_allowed);
  // Places `items`, which are one component; the last one placed was `last_item` at `last_offset`.
  [[nodiscard]] Answer place_all(const Component& component, Units last_offset, std::int32_t last_item);
  [[nodiscard]] Answer place_rest(std::span<const std::int32_t> items, Units last_offset,
                                  std::int32_t last_item);
  [[nodiscard]] bool is_possible(const Component& component, Units last_offset);
  [[nodiscard]] Region region_of(std::span<const std::int32_t> items) const;
  [[nodiscard]] bool out_of_steps();
  void place(std::int32_t item, Units offset);
  void take_back(std::int32_t item, std::size_t changes);

  std::vector<Item> given_;
  std::int32_t steps_;
  std::vector<Units> offsets_;

  // By rank in the preferred order.
  std::vector<Item> items_;
  std::vector<std::size_t> given_index_;
  std::vector<std::vector<std::int32_t>> meets_;  // items alive together with this one
  std::vector<Units> support_;                    // top of what was placed below it
  std::vector<Units> placed_at_;
  std::vector<char> is_placed_;

  std::vector<Units> to_come_;          // by time step: sum of sizes of what is not placed
  std::vector<std::int32_t> crossing_;  // by time step: items to come that are alive then and one later
  std::vector<Units> floor_;            // by time step: the lowest place for what is not placed
  std::vector<Change> changes_;
  Region conflict_{0, 0};
  Units capacity_ = 0;
  std::uint64_t steps_left_ = 0;
  std::uint64_t until_clock_ = 0;
  Clock::time_point deadline_;
  bool out_of_time_ = false;
};

}  // namespace ar::ml

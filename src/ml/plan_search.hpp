// Whether tensors fit a capacity: a complete search.
//
// Its ideas are Moffitt's (see <arpent/ml/plan.hpp>):
//   Canonical solutions   Every plan can be pushed down until each tensor stands on another or on the ground.
//                         So tensors are placed in the order of their offsets (of their ranks, where
//                         equal), each on top of what was placed: a plan is reached by one sequence only.
//   Dominance             A tensor is not placed so high that another one would fit below it.
//   Decomposition         Tensors to come that never meet, directly or through others, are separate problems.
//                         Each begins anew: it is ranked by how crowded its time steps still are.
//   Restarts              A bad choice near the root is what makes a run long. So runs are bounded, and the
//                         kinds of rank take turns.
// And some of our own:
//   Spatial inference     At each time step, of those to come: whatever cannot begin below some height must
//                         fit between that height and the capacity. A tensor that the order has passed by
//                         stands on one that is to come, not on what is there.
//   Twins                 Of two that live at the same time, one right upon the other, the one that was
//   ranked
//                         lower at the root is below.
//   Memory                What is to come, with where each stands, decides whether it fits: a part that was
//                         found not to fit is not searched again.
//   Conflicts             When a part does not fit, no other place is tried for a tensor outside its time.
// A tensor that meets none of those to come is set down at once, outside the order.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ml/plan_order.hpp"

namespace ar::ml {

enum class Answer : unsigned char { fits, does_not_fit, unknown };

class Search {
 public:
  using Clock = std::chrono::steady_clock;

  // All sizes are positive and their sum fits Units; time steps are numbered from 0 to `steps` - 1.
  Search(std::span<const Item> items, std::int32_t steps);

  // Unknown when runs of `longest_run` steps, or the time, were not enough. Setting down one of so many items
  // that are to come counts as so many steps: about the time that it takes.
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

  // What was found not to fit: two halves of a hash of it, and what it conflicts with. Like any hash, 128
  // bits could in principle be the same for two.
  struct Failed {
    std::uint64_t one = 0;
    std::uint64_t other = 0;
    Region conflict{0, 0};
  };
  struct Low {
    Units offset;
    std::int32_t item;
  };
  // What was placed last: what comes next is above it, or beside it with a higher rank.
  struct Last {
    Units offset = 0;
    std::int32_t rank = -1;
  };

  [[nodiscard]] Answer run(std::size_t kind, std::uint64_t steps_allowed);
  // Places `items`, which are one component; the last one placed was `last_item` at `last_offset`.
  [[nodiscard]] Answer place_all(const Component& component, Last last);
  // The same as a problem of its own, ranked anew.
  [[nodiscard]] Answer place_apart(const Component& component);
  [[nodiscard]] Answer place_rest(std::span<const std::int32_t> items, Last last);
  [[nodiscard]] std::vector<Component> components_of(std::span<const std::int32_t> items) const;
  [[nodiscard]] bool is_possible(const Component& component, Last last);
  [[nodiscard]] Units lowest_offset(std::int32_t item, Last last, Units lowest_top) const;
  [[nodiscard]] bool is_in_turn(std::int32_t item, Last last) const;
  [[nodiscard]] bool is_upon_later_twin(std::int32_t item) const;
  [[nodiscard]] Failed hash_of(const Component& component, Last last) const;
  [[nodiscard]] Region region_of(std::span<const std::int32_t> items) const;
  [[nodiscard]] bool out_of_steps(std::size_t items);
  void place(std::int32_t item, Units offset);
  void take_back(std::int32_t item, std::size_t changes);

  std::vector<Item> items_;
  std::int32_t steps_;
  std::vector<Units> offsets_;

  std::size_t kind_ = 0;
  std::vector<std::int32_t> rank_;                // of what is to come, within its component
  std::vector<std::int32_t> first_rank_;          // among all, when the run began
  std::vector<std::vector<std::int32_t>> meets_;  // items alive together with this one
  std::vector<Units> support_;                    // top of what was placed below it
  std::vector<Units> placed_at_;
  std::vector<char> is_placed_;

  std::vector<Units> to_come_;          // by time step: sum of sizes of what is not placed
  std::vector<std::int32_t> crossing_;  // by time step: items to come that are alive then and one later
  std::vector<Units> sum_;              // by time step: of what cannot begin below some height
  std::vector<Low> lows_;
  std::vector<Change> changes_;
  std::vector<std::vector<std::int32_t>> twins_;  // with the same lifetime
  std::vector<Failed> failed_;                    // by hash; a later one takes the place
  std::uint64_t runs_ = 0;
  Region conflict_{0, 0};
  Units capacity_ = 0;
  std::uint64_t steps_left_ = 0;
  std::uint64_t until_clock_ = 0;
  Clock::time_point deadline_;
  bool out_of_time_ = false;
};

}  // namespace ar::ml

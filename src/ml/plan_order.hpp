// In which order the search prefers tensors that can be placed equally low.
//
// By area, duration and crowd, in four orders that Moffitt's search uses or that are close to them, with
// durations as given and as counted in steps: eight kinds. Each is the right one for some networks; the
// search tries them in turn.
#pragma once

#include <cstddef>
#include <cstdint>
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

constexpr std::size_t order_kinds = 8;

// Ranks `which` of `items` among each other from 0, what is preferred first, into their places of `ranks`.
// `to_come`: by time step, the sum of the sizes of what is not placed.
void rank_items(std::size_t kind, std::span<const Item> items, std::span<const std::int32_t> which,
                std::span<const Units> to_come, std::vector<std::int32_t>& ranks);

}  // namespace ar::ml

#include "ml/plan_order.hpp"

#include <algorithm>
#include <tuple>

namespace ar::ml {

void rank_items(std::size_t kind, std::span<const Item> items, std::span<const std::int32_t> which,
                std::span<const Units> to_come, std::vector<std::int32_t>& ranks) {
  struct Key {
    double first, second, third;
    std::int32_t before;
    std::int32_t item;
  };
  std::vector<Key> keys;
  keys.reserve(which.size());
  for (const std::int32_t index : which) {
    const Item& item = items[static_cast<std::size_t>(index)];
    const double duration = kind < order_kinds / 2 ? item.duration : item.last - item.first + 1;
    const std::int32_t before = ranks[static_cast<std::size_t>(index)];
    const double area = duration * item.size;
    const double crowd = *std::max_element(to_come.begin() + item.first, to_come.begin() + item.last + 1);
    switch (kind % (order_kinds / 2)) {
      case 0:
        keys.push_back({crowd, duration, area, before, index});
        break;
      case 1:
        keys.push_back({crowd, area, duration, before, index});
        break;
      case 2:
        keys.push_back({duration, area, crowd, before, index});
        break;
      default:
        keys.push_back({area, duration, crowd, before, index});
        break;
    }
  }
  std::ranges::sort(keys, [](const Key& one, const Key& other) {
    return std::tie(other.first, other.second, other.third, one.before) <
           std::tie(one.first, one.second, one.third, other.before);
  });
  std::int32_t rank = 0;
  for (const Key& key : keys) {
    ranks[static_cast<std::size_t>(key.item)] = rank++;
  }
}

}  // namespace ar::ml

#include "course.hpp"

#include "exercise.hpp"

namespace {

const std::vector<int> values{4, 2, 4, 7};
const std::vector<std::size_t> sizes{3, 1, 2};

void check_count_distinct() {
  course::Desk desk;
  const auto count = count_distinct(values, desk.allocator());
  course::expect(count.has_value(), "count_distinct returns an error though there is memory");
  course::expect(*count == 3, "count_distinct finds " + std::to_string(*count) + " different values, not 3");
  course::expect(count_distinct({}, desk.allocator()).value_or(1) == 0,
                 "count_distinct of no values must be 0");
  desk.expect_empty();
}

void check_make_layers() {
  course::Desk desk;
  const auto layers = make_layers(sizes, desk.allocator());
  course::expect(layers.has_value(), "make_layers returns an error though there is memory");
  course::expect(layers->size() == sizes.size(), "make_layers makes another number of layers than wanted");
  desk.expect_alive("make_layers", layers->data());
  for (std::size_t index = 0; index < sizes.size(); ++index) {
    course::expect((*layers)[index].size() == sizes[index],
                   "a layer of make_layers has another size than wanted");
    desk.expect_alive("make_layers", (*layers)[index].data());
    desk.allocator().free((*layers)[index]);
  }
  desk.allocator().free(*layers);
  desk.expect_empty();
}

void check_append() {
  course::Desk desk;
  const auto items = desk.allocator().dupe(values, "the items before");
  const auto larger = append(*items, 9, desk.allocator());
  course::expect(larger.has_value(), "append returns an error though there is memory");
  course::expect(larger->size() == 5, "append returns " + std::to_string(larger->size()) + " items, not 5");
  desk.expect_alive("append", larger->data());
  course::expect(std::ranges::equal(*larger, std::vector<int>{4, 2, 4, 7, 9}),
                 "append returns other items than wanted");
  desk.allocator().free(*larger);
  desk.expect_empty();
}

using Done = std::expected<void, ar::Error>;

Done layers_made_and_given_back(ar::Allocator allocator) {
  const auto layers = make_layers(sizes, allocator);
  if (!layers) {
    return std::unexpected(layers.error());
  }
  for (const Layer layer : *layers) {
    allocator.free(layer);
  }
  allocator.free(*layers);
  return {};
}

// When append fails, the items are still the caller's.
Done appended_and_given_back(ar::Allocator allocator) {
  const auto items = allocator.dupe(values, "the items before");
  if (!items) {
    return std::unexpected(items.error());
  }
  const auto larger = append(*items, 9, allocator);
  allocator.free(larger ? *larger : *items);
  return larger ? Done{} : std::unexpected(larger.error());
}

}  // namespace

int main() {
  check_count_distinct();
  check_make_layers();
  check_append();
  course::expect_survives("count_distinct",
                          [](ar::Allocator allocator) { return count_distinct(values, allocator); });
  course::expect_survives("make_layers", layers_made_and_given_back);
  course::expect_survives("append", appended_and_given_back);
  course::pass();
}

#include "course.hpp"

#include "exercise.hpp"

namespace {

constexpr std::size_t rows = 4;
constexpr std::size_t columns = 3;

void check_one() {
  course::Desk desk;
  {
    auto dataset = Dataset::make(desk.allocator(), rows, columns);
    course::expect(dataset.has_value(), "Dataset::make returns an error though there is memory");
    course::expect(dataset->features().size() == rows * columns,
                   "Dataset::make gives " + std::to_string(dataset->features().size()) + " features, not " +
                       std::to_string(rows * columns));
    course::expect(dataset->labels().size() == rows, "Dataset::make gives " +
                                                         std::to_string(dataset->labels().size()) +
                                                         " labels, not " + std::to_string(rows));
    desk.expect_alive("Dataset::make", dataset->features().data());
    desk.expect_alive("Dataset::make", dataset->labels().data());
    course::expect(std::ranges::all_of(dataset->features(), [](float value) { return value == 0; }),
                   "not all features are zero");
    course::expect(std::ranges::all_of(dataset->labels(), [](int value) { return value == 0; }),
                   "not all labels are zero");
    dataset->features()[rows * columns - 1] = 1;
    dataset->labels()[rows - 1] = 1;

    const Dataset moved{std::move(*dataset)};
    course::expect(moved.labels().size() == rows && moved.labels()[rows - 1] == 1 &&
                       moved.features().size() == rows * columns,
                   "a Dataset that is moved loses what it had");
    desk.expect_alive("Dataset::make, once it is moved,", moved.labels().data());
  }
  desk.expect_empty();
}

}  // namespace

int main() {
  check_one();
  course::expect_survives("Dataset::make", [](ar::Allocator allocator) -> std::expected<void, ar::Error> {
    const auto dataset = Dataset::make(allocator, rows, columns);
    if (!dataset) {
      return std::unexpected(dataset.error());
    }
    return {};
  });
  ar::GeneralPurposeAllocator<> general;
  static_cast<void>(Dataset::make(general.allocator(), 1000, 100));
  course::expect(general.deinit() == ar::Deinit::ok, "the GeneralPurposeAllocator finds a leak at its end");
  course::pass();
}

#include "course.hpp"

#include "exercise.hpp"

namespace {

const std::vector<float> first{1, -2, 0, 3};
const std::vector<float> second{-5, 4};

void check(const std::string& name, const Values& result, const std::vector<float>& wanted,
           course::Desk& desk) {
  course::expect(result.has_value(), name + " returns an error though there is memory");
  course::expect(result->size() == wanted.size(), name + " keeps " + std::to_string(result->size()) +
                                                      " values, not " + std::to_string(wanted.size()));
  desk.expect_alive(name, result->data());
  course::expect(std::ranges::equal(*result, wanted),
                 name + " has other values than wanted, or another order");
  desk.allocator().free(*result);
  desk.expect_empty();
}

}  // namespace

int main() {
  {
    course::Desk desk;
    check("filter_positive", filter_positive(first, desk.allocator()), {1, 3}, desk);
  }
  {
    course::Desk desk;
    check("join_positive", join_positive(first, second, desk.allocator()), {1, 3, 4}, desk);
  }
  course::expect_survives("join_positive", [](ar::Allocator allocator) -> std::expected<void, ar::Error> {
    const auto result = join_positive(first, second, allocator);
    if (!result) {
      return std::unexpected(result.error());
    }
    allocator.free(*result);
    return {};
  });
  course::pass();
}

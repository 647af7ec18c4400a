#include "course.hpp"

#include "exercise.hpp"

namespace {

void check_from_zero() {
  Scores scores{7, 3, 9, 3, 4};
  const Scores got = from_zero(scores);
  course::expect(scores == Scores{7, 3, 9, 3, 4},
                 "from_zero changes the caller's scores; it must work on a copy");
  course::expect(got == Scores{4, 0, 6, 0, 1}, "from_zero does not take the smallest score from each");
  Scores negative{-2, -5, 0, 1, -5};
  course::expect(from_zero(negative) == Scores{3, 0, 5, 6, 0},
                 "from_zero does not take the smallest score from each when that is below zero");
}

void check_clamp_all() {
  std::vector<int> scores{7, 3, 9, 5};
  clamp_all(scores, 5);
  course::expect(scores != std::vector<int>{7, 3, 9, 5}, "clamp_all leaves the caller's scores as they were");
  course::expect(scores == std::vector<int>{5, 3, 5, 5}, "clamp_all gives other scores than wanted");
}

void check_without_ends() {
  const std::vector<int> scores{7, 3, 9, 5};
  const std::span<const int> view = without_ends(scores);
  course::expect(view.size() == 2,
                 "without_ends keeps " + std::to_string(view.size()) + " of four scores, not 2");
  course::expect(
      view.data() == scores.data() + 1,
      "the view that without_ends returns is not of the caller's scores, but of something that may be gone");
  course::expect(without_ends(std::span{scores}.first(2)).empty(),
                 "without_ends of two scores must be empty");
  course::expect(without_ends({}).empty(), "without_ends of no scores must be empty");
}

}  // namespace

int main() {
  check_from_zero();
  check_clamp_all();
  check_without_ends();
  Scores scores{1, 2, 3, 4, 5};
  course::expect_no_heap("one of the three", [&] {
    clamp_all(scores, from_zero(scores)[0] + static_cast<int>(without_ends(scores).size()));
  });
  course::pass();
}

#include "course.hpp"

#include "exercise.hpp"

namespace {

const std::vector<float> first{1, 3, 5, 3};
const std::vector<float> second{2, 2};
const std::vector<float> third{9};

void check_moving_average() {
  course::Desk scratch_desk;
  course::Desk result_desk;
  {
    ar::ArenaAllocator arena{scratch_desk.allocator()};
    const Values result = moving_average(first, 2, arena.allocator(), result_desk.allocator());
    course::expect(result.has_value(), "moving_average returns an error though there is memory");
    course::expect(result->size() == 3, "moving_average gives " + std::to_string(result->size()) +
                                            " averages of four values, not 3");
    result_desk.expect_alive("moving_average", result->data());
    course::expect(std::ranges::equal(*result, std::vector<float>{2, 4, 4}),
                   "moving_average gives other averages than wanted");
    result_desk.allocator().free(*result);
    result_desk.expect_empty();
    course::expect(scratch_desk.allocations() != 0, "moving_average takes nothing from `scratch`");
    const Values none = moving_average(second, 3, arena.allocator(), result_desk.allocator());
    course::expect(none && none->empty(), "moving_average of fewer values than the window must be empty");
    const Values zero = moving_average(second, 0, arena.allocator(), result_desk.allocator());
    course::expect(zero && zero->empty(), "moving_average with a window of 0 must be empty");
  }
}

void check_largest_averages() {
  course::Desk desk;
  const std::vector<std::span<const float>> batches{first, second, third};
  const Values result = largest_averages(batches, 2, desk.allocator());
  course::expect(result.has_value(), "largest_averages returns an error though there is memory");
  course::expect(result->size() == 3,
                 "largest_averages gives " + std::to_string(result->size()) + " values for three batches");
  desk.expect_alive("largest_averages", result->data());
  course::expect(std::ranges::equal(*result, std::vector<float>{4, 2, 0}),
                 "largest_averages gives other values than wanted");
  desk.allocator().free(*result);
  desk.expect_empty();
}

void check_memory_of_many_batches() {
  const std::vector<float> values(1000, 1.0F);
  const std::vector<std::span<const float>> batches(100, values);
  ar::LimitAllocator limited{ar::c_allocator, 65536};
  const Values result = largest_averages(batches, 10, limited.allocator());
  course::expect(
      result.has_value(),
      "largest_averages needs more than 64 KiB for a hundred batches of 4 KiB: each batch's memory is kept "
      "until the end");
  limited.allocator().free(*result);
}

// An arena asks again for less when it is refused, so that one failure alone may do nothing. A little more
// memory each time fails everywhere.
void check_memory_that_runs_out() {
  const std::vector<float> large(3000, 1.0F);
  const std::vector<std::span<const float>> batches{first, large};
  for (std::size_t limit = 0;; limit += 64) {
    course::Desk desk;
    ar::LimitAllocator limited{desk.allocator(), limit};
    const Values result = largest_averages(batches, 2, limited.allocator());
    if (result) {
      limited.allocator().free(*result);
      desk.expect_empty();
      return;
    }
    desk.expect_empty("largest_averages, when memory runs out: ");
    course::expect(limit < 1'000'000, "largest_averages returns an error though there is memory");
  }
}

}  // namespace

int main() {
  check_moving_average();
  check_largest_averages();
  check_memory_of_many_batches();
  check_memory_that_runs_out();
  course::pass();
}

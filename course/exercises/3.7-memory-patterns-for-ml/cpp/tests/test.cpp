#include "course.hpp"

#include "exercise.hpp"

namespace {

const std::vector<float> input{1, 2};
const std::vector<float> wanted{-6, -2, 0};

std::expected<SimpleModel, ar::Error> make(ar::Allocator long_lived) {
  // Gone, and overwritten, once the model is made.
  std::vector<float> weights{1, 1, 0, 3, 4, 2};
  std::vector<float> biases{0, 1, 1};
  auto model = SimpleModel::make(weights, biases, 2, long_lived);
  std::ranges::fill(weights, 99.0F);
  std::ranges::fill(biases, 99.0F);
  return model;
}

void check_answer(const SimpleModel& model, ar::Allocator scratch, course::Desk& desk) {
  const auto answer = model.predict(input, scratch, desk.allocator());
  course::expect(answer.has_value(), "predict returns an error though there is memory");
  course::expect(answer->size() == 3, "predict gives " + std::to_string(answer->size()) + " numbers, not 3");
  desk.expect_alive("predict", answer->data());
  course::expect(std::ranges::equal(*answer, wanted), "predict gives other numbers than wanted");
  desk.allocator().free(*answer);
  desk.expect_empty();
}

void check_model() {
  course::Desk long_lived;
  course::Desk backing;
  course::Desk result;
  {
    auto made = make(long_lived.allocator());
    course::expect(made.has_value(), "SimpleModel::make returns an error though there is memory");
    const std::size_t kept = long_lived.allocations();
    const SimpleModel model{std::move(*made)};
    ar::ArenaAllocator arena{backing.allocator()};
    check_answer(model, arena.allocator(), result);
    course::expect(kept == 2, "the model takes " + course::counted(kept, "block") +
                                  " from `long_lived`, not two: its weights and its biases");
    course::expect(backing.allocations() != 0, "predict takes nothing from `scratch`");
    arena.reset();
    const std::size_t taken = backing.allocations();
    for (int count = 0; count < 100; ++count) {
      check_answer(model, arena.allocator(), result);
      arena.reset();
    }
    course::expect(backing.allocations() == taken, "a warm inference takes memory from the arena's backing");
    course::expect(long_lived.allocations() == kept, "an inference takes memory from `long_lived`");
  }
  long_lived.expect_empty();
  backing.expect_empty();
}

}  // namespace

int main() {
  check_model();
  course::expect_survives("SimpleModel", [](ar::Allocator allocator) -> std::expected<void, ar::Error> {
    const auto model = make(allocator);
    if (!model) {
      return std::unexpected(model.error());
    }
    ar::ArenaAllocator arena{ar::c_allocator};
    const auto answer = model->predict(input, arena.allocator(), allocator);
    if (!answer) {
      return std::unexpected(answer.error());
    }
    allocator.free(*answer);
    return {};
  });
  course::pass();
}

#include "course.hpp"

#include "exercise.hpp"

namespace {

void check_swap_values() {
  int first = 3;
  int second = 8;
  swap_values(&first, &second);
  course::expect(first != 3 || second != 8, "swap_values leaves both values as they were");
  course::expect(first == 8 && second == 3, "swap_values gives other values than wanted");
  swap_values(&first, &first);
  course::expect(first == 8, "swap_values changes a value that is swapped with itself");
}

void check_increment() {
  int counter = 4;
  increment(&counter);
  course::expect(counter == 5, "increment makes " + std::to_string(counter) + " of 4, not 5");
  increment(nullptr);
}

void check_find_largest() {
  std::vector<int> values{4, 9, 2, 9};
  int* const largest = find_largest(values.data(), values.size());
  course::expect(largest != nullptr, "find_largest finds nothing among four values");
  course::expect(
      largest >= values.data() && largest < values.data() + values.size(),
      "the pointer that find_largest returns is not into the caller's values, but to something that may be "
      "gone");
  course::expect(
      largest == values.data() + 1,
      "find_largest finds item " + std::to_string(largest - values.data()) + " of 4, 9, 2, 9, not 1");
  *largest = 0;
  course::expect(values[1] == 0, "the value cannot be changed through the pointer");
  std::vector<int> negative{-4, -2, -3};
  course::expect(find_largest(negative.data(), negative.size()) == negative.data() + 1,
                 "find_largest does not find the largest of values below zero");
  course::expect(find_largest(nullptr, 0) == nullptr, "find_largest of no values must be null");
  course::expect(find_largest(values.data(), 0) == nullptr, "find_largest of no values must be null");
}

}  // namespace

int main() {
  check_swap_values();
  check_increment();
  check_find_largest();
  course::pass();
}

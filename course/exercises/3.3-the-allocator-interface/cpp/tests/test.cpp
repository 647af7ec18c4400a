// The tests of the exercise: says the first thing that is wrong in words, and ends with status 1.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <arpent/testing.hpp>

#include "exercise.hpp"

namespace {

[[noreturn]] void refuse(const std::string& text) {
  std::printf("%s\n", text.c_str());
  std::exit(1);
}

const std::vector<float> first{1, -2, 0, 3};
const std::vector<float> second{-5, 4};

// `result` must be these values, in a block that is alive in the ledger. Gives it back.
void check(const char* function, const Values& result, const std::vector<float>& wanted,
           ar::testing::Ledger& ledger) {
  const std::string name = function;
  if (!result) {
    refuse(name + " returned an error though there was memory");
  }
  if (result->size() != wanted.size()) {
    refuse(name + " keeps " + std::to_string(result->size()) + " values, not " +
           std::to_string(wanted.size()));
  }
  if (ledger.now() == 0) {
    refuse("the result is not from the caller's allocator");
  }
  // A resize to the same size changes nothing, but tells whether the block is alive: nothing dead is read.
  if (!ledger.raw_resize(result->data(), result->size_bytes(), alignof(float), result->size_bytes(),
                         ar::Description{nullptr})) {
    refuse("the result was given back before the test could read it, or is not from the caller's allocator");
  }
  const std::vector<float> got{result->begin(), result->end()};
  ledger.allocator().free(*result);
  for (const auto& finding : ledger.take_findings()) {
    if (finding.text.starts_with("a leak")) {
      refuse(name + ": a block was never given back: " + finding.text.substr(finding.text.find(": ") + 2));
    }
    refuse(name + ": " + finding.text);
  }
  if (got != wanted) {
    refuse(name + " has other values than wanted, or another order");
  }
}

}  // namespace

int main() {
  {
    ar::testing::Ledger ledger;
    check("filter_positive", filter_positive(first, ledger.allocator()), {1, 3}, ledger);
  }
  {
    ar::testing::Ledger ledger;
    check("join_positive", join_positive(first, second, ledger.allocator()), {1, 3, 4}, ledger);
  }
  const std::string failures = ar::testing::check_all_allocation_failures(
      [](ar::Allocator allocator) -> std::expected<void, ar::Error> {
        const auto result = join_positive(first, second, allocator);
        if (!result) {
          return std::unexpected(result.error());
        }
        allocator.free(*result);
        return {};
      });
  if (!failures.empty()) {
    refuse("join_positive, when an allocation fails: " + failures);
  }
  std::puts("passed");
}

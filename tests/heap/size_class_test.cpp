// Tests src/heap/size_class.hpp
#include "heap/size_class.hpp"

#include <gtest/gtest.h>

namespace ar::heap {
namespace {

constexpr std::size_t round_up(std::size_t size, std::size_t to) { return (size + to - 1) / to * to; }

TEST(SizeClass, ServesEverySizeWithTheSmallestClassThatHoldsIt) {
  for (std::size_t size = 0; size <= largest_class_size; ++size) {
    const unsigned index = size_class(size);
    ASSERT_GE(index, 1U) << size;
    ASSERT_LT(index, class_count) << size;
    ASSERT_GE(class_size(index), size);
    if (index > 1) {
      ASSERT_LT(class_size(index - 1), size);
    }
  }
}

TEST(SizeClass, WastesAtMostAnEighthOfTheRequestAsRoundedToMallocsAlignment) {
  for (std::size_t size = 65; size <= largest_class_size; ++size) {
    const std::size_t asked = round_up(size, granularity);
    const std::size_t waste = class_size(size_class(size)) - asked;
    ASSERT_LE(waste * 8, asked) << size;
  }
}

TEST(SizeClass, ClassesGrowAndAreMultiplesOfTheGranularity) {
  for (unsigned index = 1; index < class_count; ++index) {
    ASSERT_EQ(class_size(index) % granularity, 0U);
    ASSERT_GT(class_size(index), index == 1 ? 0 : class_size(index - 1));
    ASSERT_EQ(size_class(class_size(index)), index);
  }
}

// What allocate_aligned relies on: no padding is needed for alignments up to the start of a page.
TEST(SizeClass, GivesAMultipleOfTheAlignmentToASizeThatIsOne) {
  for (std::size_t alignment = granularity; alignment <= largest_class_size; alignment *= 2) {
    for (std::size_t size = alignment; size <= largest_class_size; size += alignment) {
      ASSERT_EQ(class_size(size_class(size)) % alignment, 0U) << size << " at " << alignment;
    }
  }
}

}  // namespace
}  // namespace ar::heap

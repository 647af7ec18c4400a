// Tests src/platform/assert.hpp src/heap/
// Assertions in their tiers, and invariants of the heap that fail.
#include "platform/assert.hpp"

#include <gtest/gtest.h>

#include "heap/allocate.hpp"
#include "support/tracked_heap.hpp"

namespace {

using ar::heap::Allocated;
using ar::heap::FreeBlock;

TEST(Assert, EachTierIsCheckedIfTheBuildEnablesIt) {
  int evaluated = 0;
  ARPENT_ASSERT(++evaluated != 0);
  ARPENT_ASSERT_INTERNAL(++evaluated != 0);
  ARPENT_ASSERT_EXPENSIVE(++evaluated != 0);
  EXPECT_EQ(evaluated, ARPENT_ASSERTIONS);
}

TEST(AssertDeathTest, AFailureNamesFileLineAndExpression) {
  const bool holds = false;
  EXPECT_DEATH(ARPENT_ASSERT_IN_TIER(0, holds == true),
               "arpent: assertion failed at .*assert_test\\.cpp:[0-9]+: holds == true");
}

// A page with two blocks on its free list.
Allocated freed_block() {
  const Allocated first = ar::heap::allocate(720);
  const Allocated second = ar::heap::allocate(720);
  EXPECT_EQ(first.page, second.page);
  ar::heap::free(first.page, first.block);
  ar::heap::free(second.page, second.block);
  return second;
}

TEST(AssertDeathTest, AnOverwrittenFreeListIsFound) {
  const Allocated freed = freed_block();
  ASSERT_TRUE(ar::heap::is_consistent(freed.page));
  auto* const block = static_cast<FreeBlock*>(freed.block);
  FreeBlock* const next = block->next;
  char elsewhere[64] = {};
  block->next = reinterpret_cast<FreeBlock*>(elsewhere);
  EXPECT_FALSE(ar::heap::is_consistent(freed.page));
  block->next = block;  // a cycle
  EXPECT_FALSE(ar::heap::is_consistent(freed.page));
  EXPECT_DEATH(ARPENT_ASSERT_IN_TIER(0, ar::heap::is_consistent(freed.page)),
               "assertion failed at .*is_consistent");
  block->next = next;
  EXPECT_TRUE(ar::heap::is_consistent(freed.page));
}

TEST(Invariants, EachAddressOfASegmentLeadsToIt) {
  const Allocated made = ar::heap::allocate(100000);
  ar::heap::Segment* const segment = ar::heap::segment_of(reinterpret_cast<std::uintptr_t>(made.block));
  ASSERT_NE(segment, nullptr);
  EXPECT_TRUE(ar::heap::is_mapped(segment));
  ar::heap::set_segment(segment->base, ar::heap::segment_size, nullptr);
  const bool is_still_mapped = ar::heap::is_mapped(segment);
  ar::heap::set_segment(segment->base, ar::heap::segment_size, segment);
  EXPECT_FALSE(is_still_mapped);
  ar::heap::free(made.page, made.block);
}

}  // namespace

// Tests include/arpent/arena_allocator.hpp include/arpent/memory_pool.hpp
// ar::ArenaAllocator and ar::MemoryPool: what they ask of the allocator behind them, and when they give it
// back.
#include <gtest/gtest.h>

#include <algorithm>
#include <arpent/arena_allocator.hpp>
#include <arpent/limit_allocator.hpp>
#include <arpent/memory_pool.hpp>
#include <arpent/page_allocator.hpp>
#include <arpent/testing.hpp>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/checked_ledger.hpp"
#include "support/pattern.hpp"
#include "support/random.hpp"

namespace ar::test {
namespace {

constexpr std::size_t header = 32;  // of a chunk, as ArenaOptions says

class OnLedger : public ::testing::Test {
 protected:
  CheckedLedger ledger_;
  ar::FailingAllocator counted_{ledger_.allocator()};
  ar::LimitAllocator backing_{counted_.allocator(), std::size_t{1} << 30U};

  [[nodiscard]] std::size_t chunks_alive() const { return counted_.allocations() - counted_.frees(); }
};

class Arena : public OnLedger {
 protected:
  ar::ArenaAllocator arena_{backing_.allocator(), {.first_chunk = 1024, .largest_chunk = 8192}};
  ar::Allocator allocator_ = arena_.allocator();

  std::span<std::byte> bytes(std::size_t size) { return allocator_.alloc<std::byte>(size).value(); }
};

TEST_F(Arena, AsksForNothingUntilItIsAsked) {
  EXPECT_EQ(counted_.allocations(), 0U);
  EXPECT_EQ(arena_.query_capacity(), 0U);
  EXPECT_TRUE(arena_.reset(ar::retain_capacity));
  EXPECT_TRUE(arena_.reset(ar::free_all));
  EXPECT_EQ(counted_.allocations(), 0U);
}

TEST_F(Arena, LaysBlocksSideBySide) {
  const auto first = bytes(10);
  const auto second = bytes(20);
  const auto third = allocator_.alloc<std::uint64_t>(1).value();
  EXPECT_EQ(second.data(), first.data() + 10);
  EXPECT_EQ(reinterpret_cast<std::byte*>(third.data()), first.data() + 32);
  EXPECT_EQ(counted_.allocations(), 1U);
  EXPECT_EQ(backing_.used(), 1024U);
}

TEST_F(Arena, FillsAChunkToItsLastByte) {
  (void)bytes(1024 - header - 1);
  (void)bytes(1);
  EXPECT_EQ(counted_.allocations(), 1U);
  (void)bytes(1);
  EXPECT_EQ(counted_.allocations(), 2U);
}

TEST_F(Arena, DoublesItsChunksUpToTheLargest) {
  std::vector<std::size_t> sizes;
  while (sizes.size() < 6) {
    const std::size_t before = backing_.used();
    (void)bytes(8);
    if (backing_.used() != before) {
      sizes.push_back(backing_.used() - before);
    }
  }
  EXPECT_EQ(sizes, (std::vector<std::size_t>{1024, 2048, 4096, 8192, 8192, 8192}));
}

TEST_F(Arena, AnOutlierMakesLaterChunksNoLarger) {
  (void)bytes(8);
  const std::size_t before = backing_.used();
  (void)bytes(1'000'000);
  EXPECT_EQ(backing_.used() - before, 1'000'000 + header);
  (void)bytes(8);  // still in the first chunk
  EXPECT_EQ(counted_.allocations(), 2U);
  (void)bytes(1000);  // fits into no chunk so far
  EXPECT_LE(backing_.used() - before - 1'000'000 - header, 8192U);
}

TEST_F(Arena, AHabitOfLargerRequestsIsMetByLargerChunks) {
  for (int i = 0; i < 100; ++i) {
    (void)bytes(1500);
  }
  EXPECT_LE(counted_.allocations(), 24U);  // and not 100
}

TEST_F(Arena, TakesWhatTheBackingAllocatorStillHas) {
  ar::LimitAllocator tight{backing_.allocator(), 500};
  ar::ArenaAllocator arena{tight.allocator()};
  EXPECT_TRUE(arena.allocator().alloc<std::byte>(400));
  EXPECT_FALSE(arena.allocator().alloc<std::byte>(400));
}

TEST_F(Arena, FreesEverythingAtItsEnd) {
  {
    ar::ArenaAllocator arena{backing_.allocator()};
    (void)arena.allocator().alloc<std::byte>(100);
    (void)arena.allocator().alloc<std::byte>(100'000);
    const auto mark = arena.mark();
    (void)arena.allocator().alloc<std::byte>(100'000);
    arena.rewind(mark);
    EXPECT_EQ(chunks_alive(), 3U);
  }
  EXPECT_EQ(chunks_alive(), 0U);
}

TEST_F(Arena, ResizesItsLastBlockInPlace) {
  const auto first = bytes(100);
  const auto last = bytes(100);
  EXPECT_FALSE(allocator_.resize(first, 101));
  EXPECT_TRUE(allocator_.resize(first, 50));
  auto longer = allocator_.resize(last, 500);
  ASSERT_TRUE(longer);
  EXPECT_EQ(longer->data(), last.data());
  EXPECT_EQ(bytes(1).data(), last.data() + 500);
}

TEST_F(Arena, ResizesTheLastBlockWithinItsChunkOnly) {
  const auto last = bytes(100);
  EXPECT_TRUE(allocator_.resize(last, 1024 - header));
  EXPECT_FALSE(allocator_.resize(std::span{last.data(), 1024 - header}, 1024 - header + 1));
}

TEST_F(Arena, TakesTheRoomOfItsLastBlockBack) {
  const auto first = bytes(100);
  const auto second = bytes(100);
  allocator_.free(second);
  allocator_.free(first);
  EXPECT_EQ(bytes(10).data(), first.data());
  const auto shrunk = allocator_.resize(bytes(100), 1).value();
  EXPECT_EQ(bytes(1).data(), shrunk.data() + 1);
}

TEST_F(Arena, FreeingWhatIsNotLastDoesNothing) {
  const auto first = bytes(100);
  const auto second = bytes(100);
  fill(second.data(), 100, 4);
  allocator_.free(first);
  (void)bytes(100);
  EXPECT_EQ(damage(second.data(), 100, 4), 0U);
}

TEST_F(Arena, ALargeBlockGrowsWithItsChunkWhereThatCan) {
  ar::ArenaAllocator of_pages{ar::page_allocator, {.first_chunk = 1024, .largest_chunk = 1024}};
  const auto large = of_pages.allocator().alloc<std::byte>(100'000).value();
  const std::size_t capacity = of_pages.query_capacity();
  const auto smaller = of_pages.allocator().resize(large, 10).value();
  const auto larger = of_pages.allocator().resize(smaller, 50'000).value();
  EXPECT_TRUE(of_pages.allocator().resize(larger, 100'000));
  EXPECT_EQ(of_pages.query_capacity(), capacity);            // the chunk was large enough
  EXPECT_TRUE(of_pages.allocator().resize(large, 101'000));  // the system rounds chunks up to pages
  EXPECT_EQ(of_pages.query_capacity(), capacity + 1000);
  const auto on_ledger = bytes(100'000);  // which never grows anything
  EXPECT_FALSE(allocator_.resize(on_ledger, 100'001));
}

TEST_F(Arena, ResetFreesAll) {
  (void)bytes(100);
  (void)bytes(10'000);
  EXPECT_TRUE(arena_.reset(ar::free_all));
  EXPECT_EQ(chunks_alive(), 0U);
  EXPECT_EQ(arena_.query_capacity(), 0U);
  (void)bytes(100);
  EXPECT_EQ(backing_.used(), 1024U);
}

TEST_F(Arena, ResetRetainsCapacitySoThatTheSameWorkNeedsNoMore) {
  const auto work = [&] {
    for (std::size_t i = 1; i < 100; ++i) {
      (void)bytes(i * 7);
      (void)allocator_.alloc<std::uint64_t>(i);
    }
    (void)bytes(50'000);
  };
  work();
  const std::size_t capacity = arena_.query_capacity();
  EXPECT_TRUE(arena_.reset(ar::retain_capacity));
  EXPECT_EQ(arena_.query_capacity(), capacity);
  EXPECT_EQ(chunks_alive(), 1U);
  const std::size_t warm = counted_.allocations();
  for (int i = 0; i < 10; ++i) {
    work();
    EXPECT_TRUE(arena_.reset(ar::retain_capacity));
  }
  EXPECT_EQ(counted_.allocations(), warm);
}

TEST_F(Arena, ResetRetainsUpToALimit) {
  for (int i = 0; i < 100; ++i) {
    (void)bytes(1000);
  }
  EXPECT_TRUE(arena_.reset(ar::retain_with_limit(5000)));
  EXPECT_EQ(arena_.query_capacity(), 5000U);
  (void)bytes(100);
  EXPECT_TRUE(arena_.reset(ar::retain_with_limit(1U << 30U)));
  EXPECT_EQ(arena_.query_capacity(), 5000U);
  EXPECT_TRUE(arena_.reset(ar::retain_with_limit(0)));
  EXPECT_EQ(chunks_alive(), 0U);
}

TEST_F(Arena, ResetSaysWhenItCouldNotRetain) {
  ar::FailingAllocator failing{backing_.allocator(), {.fail_index = 2}};
  ar::ArenaAllocator arena{failing.allocator(), {.first_chunk = 1024}};
  (void)arena.allocator().alloc<std::byte>(900);
  (void)arena.allocator().alloc<std::byte>(900);
  EXPECT_FALSE(arena.reset(ar::retain_capacity));
  EXPECT_EQ(arena.query_capacity(), 0U);
  EXPECT_TRUE(arena.allocator().alloc<std::byte>(900));
}

TEST_F(Arena, ResetKeepsWithinTheBudgetThatWasEnoughBefore) {
  ar::LimitAllocator budget{backing_.allocator(), 1024 + 2048};
  ar::ArenaAllocator arena{budget.allocator(), {.first_chunk = 1024}};
  (void)arena.allocator().alloc<std::byte>(900);
  (void)arena.allocator().alloc<std::byte>(900);
  EXPECT_TRUE(arena.reset(ar::retain_capacity));
}

TEST_F(Arena, RewindEndsWhatCameAfterTheMark) {
  const auto before = bytes(50);
  fill(before.data(), 50, 1);
  const auto mark = arena_.mark();
  const auto first = bytes(100);
  for (int i = 0; i < 50; ++i) {
    (void)bytes(100);
    (void)bytes(20'000);
  }
  const std::size_t allocations = counted_.allocations();
  for (int round = 0; round < 3; ++round) {  // the mark is used again
    arena_.rewind(mark);
    EXPECT_EQ(bytes(100).data(), first.data());
    for (int i = 0; i < 50; ++i) {
      (void)bytes(100);
      (void)bytes(20'000);
    }
  }
  EXPECT_EQ(counted_.allocations(), allocations);  // what was kept did for all of it
  EXPECT_EQ(damage(before.data(), 50, 1), 0U);
}

TEST_F(Arena, WorkAfterARewindFindsItsChunksAgain) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    ar::ArenaAllocator arena{backing_.allocator(), {.first_chunk = 256, .largest_chunk = 8192}};
    const auto mark = arena.mark();
    const auto work = [&] {
      Random random{seed};
      for (int i = 0; i < 60; ++i) {
        ASSERT_TRUE(arena.allocator().alloc<std::byte>(1 + random.below(3000)));
      }
    };
    work();
    const std::size_t allocations = counted_.allocations();
    arena.rewind(mark);
    work();
    EXPECT_EQ(counted_.allocations(), allocations) << "seed " << seed;
  }
}

TEST_F(Arena, MarksMayBeNested) {
  const auto outer = arena_.mark();
  (void)bytes(10'000);
  const auto middle = bytes(10);
  const auto inner = arena_.mark();
  (void)bytes(3000);
  arena_.rewind(inner);
  EXPECT_EQ(bytes(1).data(), middle.data() + 10);
  arena_.rewind(outer);
  EXPECT_FALSE(arena_.owns_ptr(middle.data()));
  const std::size_t capacity = arena_.query_capacity();
  EXPECT_GE(capacity, 13'000U);
  (void)bytes(10'000);
  EXPECT_EQ(arena_.query_capacity(), capacity);
}

TEST_F(Arena, WhatIsOlderThanAMarkKeepsItsPlace) {
  const auto old = bytes(100);
  const auto mark = arena_.mark();
  EXPECT_FALSE(allocator_.resize(old, 200));  // the rewind would cut it
  allocator_.free(old);                       // and would bring it back
  const auto young = bytes(8);
  EXPECT_EQ(young.data(), old.data() + 100);
  arena_.rewind(mark);
  EXPECT_EQ(bytes(8).data(), young.data());
}

TEST_F(Arena, AMarkFromBeforeAResetIsRefused) {
  (void)bytes(1);
  const auto mark = arena_.mark();
  EXPECT_TRUE(arena_.reset(ar::retain_capacity));
  (void)bytes(1);
  EXPECT_DEATH(arena_.rewind(mark), "this mark is void: a reset");
}

TEST_F(Arena, KnowsItsBlocks) {
  const auto small = bytes(10);
  const auto large = bytes(100'000);
  const int other = 0;
  EXPECT_TRUE(arena_.owns_ptr(small.data()));
  EXPECT_TRUE(arena_.owns_ptr(&large[99'999]));
  EXPECT_FALSE(arena_.owns_ptr(&other));
}

TEST_F(Arena, KnowsHowMuchIsUsed) {
  EXPECT_EQ(arena_.query_used(), 0U);
  const auto first = bytes(900);
  EXPECT_EQ(arena_.query_used(), 900U);
  const auto mark = arena_.mark();
  const auto second = bytes(500);  // in the next chunk, and nothing of the first one's rest is counted
  EXPECT_EQ(arena_.query_used(), 1400U);
  (void)bytes(100'000);
  EXPECT_EQ(arena_.query_used(), 101'400U);
  allocator_.free(first);  // is not the last one: the arena does not get it back
  EXPECT_EQ(arena_.query_used(), 101'400U);
  allocator_.free(second);
  EXPECT_EQ(arena_.query_used(), 100'900U);
  arena_.rewind(mark);
  EXPECT_EQ(arena_.query_used(), 900U);
  EXPECT_TRUE(arena_.reset(ar::retain_capacity));
  EXPECT_EQ(arena_.query_used(), 0U);
}

TEST_F(Arena, NeverTouchesWhatItHasGiven) {
  std::vector<std::span<std::byte>> blocks;
  for (std::size_t i = 0; i < 500; ++i) {
    blocks.push_back(
        allocator_.aligned_alloc<std::byte>(ar::Alignment{std::size_t{1} << (i % 9)}, 1 + i * 13 % 700)
            .value());
    fill(blocks.back().data(), blocks.back().size(), i);
  }
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    EXPECT_EQ(damage(blocks[i].data(), blocks[i].size(), i), 0U);
  }
}

// ----- pool -----

struct Node {
  explicit Node(int given) : value(given) {
    if (given < 0) {
      throw std::invalid_argument("negative");
    }
    ++living;
  }
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node() { --living; }
  int value;
  std::string text = "a text that is too long to lie in the string";
  static inline int living = 0;
};

struct alignas(128) WideItem {
  char first = 'a';
};

class Pool : public OnLedger {
 protected:
  ar::MemoryPool<Node> nodes_{backing_.allocator()};
};

TEST_F(Pool, MakesAnObjectInThePlaceOfTheLastOneDestroyed) {
  Node* const first = nodes_.create("first", 1).value();
  Node* const second = nodes_.create("second", 2).value();
  EXPECT_NE(first, second);
  EXPECT_EQ(second->value, 2);
  nodes_.destroy(first);
  EXPECT_EQ(Node::living, 1);
  EXPECT_EQ(nodes_.create("third", 3).value(), first);
  nodes_.destroy(nullptr);
  nodes_.destroy(first);
  nodes_.destroy(second);
  EXPECT_EQ(Node::living, 0);
}

TEST_F(Pool, KeepsThePlaceWhenAConstructorThrows) {
  Node* const first = nodes_.create("first", 1).value();
  nodes_.destroy(first);
  EXPECT_THROW((void)nodes_.create("negative", -1), std::invalid_argument);
  Node* const second = nodes_.create("second", 2).value();
  EXPECT_EQ(second, first);
  nodes_.destroy(second);
}

TEST_F(Pool, PreheatedAsksForNoMore) {
  EXPECT_TRUE(nodes_.preheat(1000));
  EXPECT_TRUE(nodes_.preheat(1000));
  const std::size_t allocations = counted_.allocations();
  EXPECT_EQ(allocations, 1U);
  std::vector<Node*> made;
  for (int i = 0; i < 1000; ++i) {
    made.push_back(nodes_.create("node", i).value());
  }
  EXPECT_EQ(counted_.allocations(), allocations);
  EXPECT_TRUE(std::ranges::is_sorted(made));
  for (Node* const node : made) {
    nodes_.destroy(node);
  }
}

TEST_F(Pool, SaysWhenThereIsNoMore) {
  ar::LimitAllocator tight{backing_.allocator(), 4096};
  ar::MemoryPool<Node> nodes{tight.allocator()};
  EXPECT_EQ(nodes.preheat(1000).error(), ar::Error::out_of_memory);
  EXPECT_EQ(nodes.preheat(SIZE_MAX).error(), ar::Error::out_of_memory);
  std::vector<Node*> made;
  while (const auto node = nodes.create("node", 1)) {
    made.push_back(*node);
  }
  EXPECT_GE(made.size(), 50U);
  for (Node* const node : made) {
    nodes.destroy(node);
  }
}

TEST_F(Pool, ResetKeepsTheMemory) {
  ar::MemoryPool<WideItem> items{backing_.allocator()};
  std::set<WideItem*> places;
  for (int i = 0; i < 500; ++i) {
    WideItem* const item = items.create().value();
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(item) % 128, 0U);
    EXPECT_EQ(item->first, 'a');
    EXPECT_TRUE(places.insert(item).second);
  }
  items.destroy(*places.begin());
  EXPECT_TRUE(items.reset());
  const std::size_t allocations = counted_.allocations();
  places.clear();
  for (int i = 0; i < 450; ++i) {
    EXPECT_TRUE(places.insert(items.create().value()).second);  // also not the place that was free before
  }
  EXPECT_EQ(counted_.allocations(), allocations);
  EXPECT_TRUE(items.reset(ar::free_all));
  EXPECT_EQ(chunks_alive(), 0U);
}

}  // namespace
}  // namespace ar::test

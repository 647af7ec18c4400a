// Tests src/heap/allocate.hpp
// Blocks of the heap, by the functions that the layers above call: sizes, alignments, contents.
#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <map>
#include <vector>

#include "heap/allocate.hpp"
#include "heap/resize.hpp"
#include "support/pattern.hpp"
#include "support/random.hpp"
#include "support/tracked_heap.hpp"

namespace ar::heap {
namespace {

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;
constexpr std::size_t gib = 1024 * mib;

void give_back(void* block) {
  Page* page = page_of(block);
  ASSERT_NE(page, nullptr);
  free(page, block);
}

bool is_aligned(const void* block, std::size_t alignment) {
  return reinterpret_cast<std::uintptr_t>(block) % alignment == 0;
}

std::vector<std::size_t> sizes_around_every_boundary() {
  std::vector<std::size_t> sizes;
  for (std::size_t size = 0; size <= 300; ++size) {
    sizes.push_back(size);
  }
  for (unsigned index = 1; index < class_count; ++index) {
    for (const std::size_t size : {class_size(index) - 1, class_size(index), class_size(index) + 1}) {
      sizes.push_back(size);
    }
  }
  for (const std::size_t boundary :
       {128 * kib, mib, 2 * mib, largest_span_size, segment_size, 2 * segment_size}) {
    for (const std::size_t size : {boundary - 1, boundary, boundary + 1}) {
      sizes.push_back(size);
    }
  }
  return sizes;
}

TEST(HeapBlocks, AreAlignedLargeEnoughAndApart) {
  struct Made {
    void* block;
    std::size_t size;
  };
  std::vector<Made> all;
  std::uint64_t seed = 0;
  for (const std::size_t size : sizes_around_every_boundary()) {
    const Allocated made = allocate(size);
    ASSERT_NE(made.block, nullptr) << size;
    ASSERT_TRUE(is_aligned(made.block, 16)) << size;
    ASSERT_EQ(page_of(made.block), made.page) << size;
    ASSERT_GE(usable_size(made.page), size);
    test::fill(made.block, size, ++seed);
    all.push_back({made.block, size});
  }
  seed = 0;
  for (const Made& made : all) {
    ASSERT_EQ(test::damage(made.block, made.size, ++seed), 0U) << made.size;
    give_back(made.block);
  }
}

TEST(HeapBlocks, AreAlignedAsAsked) {
  for (std::size_t alignment = 1; alignment <= gib; alignment *= 2) {
    std::vector<void*> blocks;
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{24}, std::size_t{100},
                                   std::size_t{1000}, 5 * kib, 40 * kib, 70 * kib, 3 * mib}) {
      for (int i = 0; i < 3; ++i) {
        const Allocated made = allocate_aligned(size, alignment);
        ASSERT_NE(made.block, nullptr) << size << " at " << alignment;
        ASSERT_TRUE(is_aligned(made.block, alignment)) << size << " at " << alignment;
        ASSERT_GE(usable_size(made.page), size);
        ASSERT_EQ(page_of(made.block), made.page);
        test::fill(made.block, size, alignment + size);
        blocks.push_back(made.block);
      }
    }
    for (void* block : blocks) {
      give_back(block);
    }
  }
}

TEST(HeapBlocks, OfImpossibleSizesAreNull) {
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  constexpr std::size_t half = most / 2;
  for (const std::size_t limit : {most, half, most - 64 * kib, most - segment_size}) {
    for (std::size_t less = 0; less <= 8192; less += 17) {
      ASSERT_EQ(allocate(limit - less).block, nullptr);
    }
  }
  for (std::size_t alignment = 32; alignment != 0; alignment *= 2) {
    ASSERT_EQ(allocate_aligned(most, alignment).block, nullptr) << alignment;
    ASSERT_EQ(allocate_aligned(most - alignment + 1, alignment).block, nullptr) << alignment;
    ASSERT_EQ(allocate_aligned(half, alignment).block, nullptr) << alignment;
  }
  ASSERT_EQ(allocate_aligned(1, half + 1).block, nullptr);
}

TEST(HeapBlocks, AreResizedInPlaceOrMovedWithTheirContent) {
  for (const std::size_t from : {65 * kib, 200 * kib, 3 * mib, 15 * mib, 17 * mib, 40 * mib, 100 * mib}) {
    for (const std::size_t to :
         {66 * kib, 500 * kib, 2 * mib, 16 * mib, 18 * mib, 33 * mib, 64 * mib, 120 * mib}) {
      Allocated made = allocate(from);
      ASSERT_NE(made.block, nullptr);
      test::fill(made.block, from, from);
      void* resized = resize_one_block(made.page, to, true);
      if (resized != nullptr) {
        ASSERT_EQ(page_of(resized), made.page);
        ASSERT_GE(usable_size(made.page), to);
        ASSERT_EQ(test::damage(resized, from, to, from), 0U) << from << " to " << to;
        test::fill(resized, to, to);
        ASSERT_EQ(test::damage(resized, to, to), 0U);
        give_back(resized);
      } else {
        ASSERT_EQ(test::damage(made.block, from, from), 0U) << from << " to " << to;
        give_back(made.block);
      }
    }
  }
}

// A program's life in miniature, beside a model that knows every block's content.
TEST(HeapBlocks, KeepTheirContentThroughARandomTrace) {
  constexpr int steps = 40000;
  constexpr std::size_t most_live = 300;
  struct Live {
    void* block;
    std::size_t size;
    std::uint64_t seed;
  };
  for (std::uint64_t run = 1; run <= 3; ++run) {
    test::Random random(run);
    std::vector<Live> live;
    std::map<std::uintptr_t, std::size_t> ranges;
    for (int step = 0; step < steps; ++step) {
      if (live.size() < most_live && random.below(2) == 0) {
        const std::size_t size = random.size(random.below(50) == 0 ? 26 : 14);
        const std::size_t alignment = random.below(10) == 0 ? std::size_t{1} << random.below(21) : 1;
        const Allocated made = allocate_aligned(size, alignment);
        ASSERT_NE(made.block, nullptr);
        ASSERT_TRUE(is_aligned(made.block, alignment));
        const auto start = reinterpret_cast<std::uintptr_t>(made.block);
        const auto after = ranges.lower_bound(start);
        ASSERT_TRUE(after == ranges.end() || start + size <= after->first) << "blocks overlap";
        ASSERT_TRUE(after == ranges.begin() || std::prev(after)->first + std::prev(after)->second <= start)
            << "blocks overlap";
        ranges[start] = size;
        live.push_back({made.block, size, random.next()});
        test::fill(made.block, size, live.back().seed);
      } else if (!live.empty()) {
        const std::size_t which = random.below(live.size());
        const Live gone = live[which];
        ASSERT_EQ(test::damage(gone.block, gone.size, gone.seed), 0U);
        ranges.erase(reinterpret_cast<std::uintptr_t>(gone.block));
        give_back(gone.block);
        live[which] = live.back();
        live.pop_back();
      }
    }
    for (const Live& each : live) {
      ASSERT_EQ(test::damage(each.block, each.size, each.seed), 0U);
      give_back(each.block);
    }
  }
}

}  // namespace
}  // namespace ar::heap

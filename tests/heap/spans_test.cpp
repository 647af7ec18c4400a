// Tests src/heap/spans.cpp
// Spans and large mappings: memory taken from the system, shared out, and given back.
#include "heap/spans.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include "heap/allocate.hpp"
#include "heap/large.hpp"
#include "heap/look_up.hpp"
#include "heap/metadata.hpp"
#include "support/random.hpp"
#include "support/tracked_heap.hpp"

namespace ar::heap {
namespace {

constexpr std::size_t mib = std::size_t{1} << 20U;

char* memory(const Page* page) { return reinterpret_cast<char*>(page->start); }

// Whether any of the memory is resident.
bool holds_memory(const void* start, std::size_t size) {
  std::vector<unsigned char> resident(size / 4096);
  if (mincore(const_cast<void*>(start), size, resident.data()) != 0) {
    return false;  // not even mapped
  }
  for (const unsigned char page : resident) {
    if ((page & 1U) != 0) {
      return true;
    }
  }
  return false;
}

// More segments, and more mappings, than places between two addresses that end in 32 zero bits.
TEST(Spans, BeginNowhereThatHalfAPointerAndASmallNumberName) {
  constexpr std::size_t enough = (std::size_t{1} << 32U) / segment_size + 8;
  const auto is_small_number = [](const Page* page) {
    return static_cast<std::uint32_t>(page->start) < segment_size;
  };
  std::vector<Page*> pages;
  for (std::size_t i = 0; i < enough; ++i) {
    pages.push_back(take_span(largest_span_size / slice_size, slice_size));
    pages.push_back(take_span(largest_span_size / slice_size, slice_size));
  }
  for (Page* page : pages) {
    EXPECT_FALSE(is_small_number(page)) << page->start;
    free_span(page);
  }
  pages.clear();
  for (std::size_t i = 0; i < enough; ++i) {
    pages.push_back(take_mapping(segment_size, slice_size));
  }
  for (Page* page : pages) {
    EXPECT_FALSE(is_small_number(page)) << page->start;
    free_mapping(page);
  }
  purge_mappings();
}

TEST(Spans, AreAlignedApartAndOfTheLengthAskedFor) {
  test::Random random(3);
  std::vector<Page*> spans;
  for (int round = 0; round < 4000; ++round) {
    if (spans.size() < 60 && random.below(5) < 3) {
      const std::size_t count = 1 + random.below(random.below(8) == 0 ? 256 : 12);
      const std::size_t alignment = slice_size << random.below(random.below(8) == 0 ? 9 : 3);
      Page* page = take_span(count, alignment);
      ASSERT_NE(page, nullptr);
      ASSERT_EQ(page->start % alignment, 0U);
      ASSERT_EQ(page->slice_count, count);
      for (const Page* other : spans) {
        ASSERT_TRUE(page->start + count * slice_size <= other->start ||
                    other->start + other->slice_count * slice_size <= page->start)
            << "spans overlap";
      }
      if (page->fresh) {
        for (std::size_t offset = 0; offset < count * slice_size; offset += 4096) {
          ASSERT_EQ(memory(page)[offset], 0) << "said to be fresh";
        }
      }
      for (std::size_t offset = 0; offset < count * slice_size; offset += 4096) {
        memory(page)[offset] = 'x';
      }
      spans.push_back(page);
    } else if (!spans.empty()) {
      const std::size_t which = random.below(spans.size());
      free_span(spans[which]);
      spans[which] = spans.back();
      spans.pop_back();
    }
    if (random.below(200) == 0) {
      (void)purge_spans();
    }
  }
  for (Page* page : spans) {
    free_span(page);
  }
}

TEST(Spans, SegmentsThatAreAllFreeGiveTheirAddressesBack) {
  (void)purge_spans();
  const std::size_t mapped = span_statistics().mapped;
  std::size_t metadata = 0;
  for (int round = 0; round < 5; ++round) {
    std::vector<Page*> spans;
    for (int i = 0; i < 3; ++i) {
      Page* page = take_span(slices_per_segment, segment_size);
      ASSERT_NE(page, nullptr);
      EXPECT_TRUE(page->fresh);
      memory(page)[0] = 'x';
      spans.push_back(page);
    }
    EXPECT_GE(span_statistics().mapped, mapped + 2 * segment_size);
    for (Page* page : spans) {
      const auto* start = memory(page);
      free_span(page);
      EXPECT_EQ(find(start).kind, AddressKind::unallocated);
      release_free_segments();
      EXPECT_EQ(find(start).kind, AddressKind::foreign);
      EXPECT_EQ(msync(const_cast<char*>(start), 4096, MS_ASYNC), -1) << "still mapped";
    }
    EXPECT_EQ(span_statistics().mapped, mapped);
    EXPECT_EQ(span_statistics().free_touched, 0U);
    if (round == 0) {
      metadata = metadata_mapped();
    }
  }
  EXPECT_EQ(metadata_mapped(), metadata) << "descriptors are not used again";
}

TEST(Spans, SegmentsInUseKeepTheirAddresses) {
  Page* whole = take_span(slices_per_segment, segment_size);
  ASSERT_NE(whole, nullptr);
  ASSERT_TRUE(resize_span(whole, 1));
  memory(whole)[0] = 'x';
  release_free_segments();
  (void)purge_spans();
  EXPECT_EQ(memory(whole)[0], 'x');
  ASSERT_TRUE(resize_span(whole, 2));
  memory(whole)[slice_size] = 'y';
  free_span(whole);
}

TEST(Spans, NeighboursMerge) {
  Page* whole = take_span(200, slice_size);
  ASSERT_NE(whole, nullptr);
  const std::uintptr_t start = whole->start;
  ASSERT_TRUE(resize_span(whole, 10));
  std::vector<Page*> parts = {whole};
  for (int i = 0; i < 19; ++i) {
    Page* part = take_span(10, slice_size);
    ASSERT_NE(part, nullptr);
    parts.push_back(part);
  }
  const std::size_t mapped = span_statistics().mapped;
  for (const std::size_t order :
       {std::size_t{1}, std::size_t{0}}) {  // every second one first: the rest merge on both sides
    for (std::size_t i = order; i < parts.size(); i += 2) {
      free_span(parts[i]);
    }
  }
  Page* again = take_span(200, slice_size);
  ASSERT_NE(again, nullptr);
  EXPECT_EQ(span_statistics().mapped, mapped);
  EXPECT_LE(again->start, start);
  free_span(again);
}

TEST(Spans, GrowIntoAFreeNeighbourAndShrink) {
  Page* first = take_span(100, slice_size);
  ASSERT_NE(first, nullptr);
  memory(first)[0] = 'a';
  ASSERT_TRUE(resize_span(first, 20));
  EXPECT_EQ(first->slice_count, 20U);
  ASSERT_TRUE(resize_span(first, 100));
  EXPECT_EQ(first->slice_count, 100U);
  EXPECT_EQ(memory(first)[0], 'a');
  EXPECT_FALSE(resize_span(first, slices_per_segment + 1));
  free_span(first);
}

TEST(Spans, FreedMemoryGoesBackToTheSystemOnPurge) {
  Page* page = take_span(64, slice_size);
  ASSERT_NE(page, nullptr);
  char* start = memory(page);
  std::memset(start, 'x', 64 * slice_size);
  ASSERT_TRUE(holds_memory(start, 64 * slice_size));
  free_span(page);
  EXPECT_TRUE(purge_spans());
  EXPECT_FALSE(holds_memory(start, 64 * slice_size));
  EXPECT_EQ(span_statistics().free_touched, 0U);
}

TEST(Spans, MemoryThatThePurgeCannotTakeIsNotCalledFresh) {
  Page* whole =
      take_span(slices_per_segment, segment_size);  // in a segment that is not all free, or it is unmapped
  ASSERT_NE(whole, nullptr);
  ASSERT_TRUE(resize_span(whole, 1));
  Page* page = take_span(4, slice_size);
  ASSERT_NE(page, nullptr);
  char* start = memory(page);
  std::memset(start, 'x', 4 * slice_size);
  if (syscall(SYS_mlock, start, 4 * slice_size) != 0) {
    free_span(page);
    FAIL() << "memory cannot be locked here";
  }
  free_span(page);
  (void)purge_spans();
  Page* again = take_span(4, slice_size);
  ASSERT_NE(again, nullptr);
  if (memory(again) == start) {
    EXPECT_FALSE(again->fresh);
    EXPECT_EQ(start[0], 'x');
  }
  syscall(SYS_munlock, start, 4 * slice_size);
  free_span(again);
  free_span(whole);
}

TEST(Mappings, AreKeptForReuseAndGivenBack) {
  Page* page = take_mapping(30 * mib, segment_size);
  ASSERT_NE(page, nullptr);
  EXPECT_TRUE(page->fresh);
  char* start = memory(page);
  std::memset(start, 'x', 30 * mib);
  free_mapping(page);
  Page* again = take_mapping(29 * mib, segment_size);
  ASSERT_NE(again, nullptr);
  EXPECT_EQ(memory(again), start);
  EXPECT_FALSE(again->fresh);
  free_mapping(again);
  EXPECT_TRUE(purge_mappings());
  EXPECT_FALSE(holds_memory(start, 30 * mib));
  EXPECT_EQ(segment_of(reinterpret_cast<std::uintptr_t>(start)), nullptr);
}

TEST(Mappings, ManyFreedOnesDoNotPileUp) {
  (void)purge_mappings();
  constexpr std::size_t size = 20 * mib;
  std::vector<Page*> pages;
  std::vector<char*> starts;
  for (int i = 0; i < 40; ++i) {
    pages.push_back(take_mapping(size, segment_size));
    ASSERT_NE(pages.back(), nullptr);
    starts.push_back(memory(pages.back()));
    *starts.back() = 'x';
  }
  for (Page* page : pages) {
    free_mapping(page);
  }
  std::size_t held = 0;
  for (const char* start : starts) {
    held += holds_memory(start, 4096) ? size : 0;
  }
  EXPECT_LE(held, 256 * mib);
  (void)purge_mappings();
}

// Descriptors stay for look-ups without locks, but are used again.
TEST(Mappings, CostNoMetadataWhenTheyComeAndGo) {
  for (int warm = 0; warm < 2; ++warm) {
    free_mapping(take_mapping(300 * mib, segment_size));
  }
  const std::size_t before = metadata_mapped();
  for (int i = 0; i < 20000; ++i) {
    Page* page = take_mapping(300 * mib, segment_size);  // too large to be kept
    ASSERT_NE(page, nullptr);
    free_mapping(page);
  }
  EXPECT_EQ(metadata_mapped(), before);
}

TEST(Mappings, AreResizedWithTheirContent) {
  test::Random random(11);
  Page* page = take_mapping(20 * mib, segment_size);
  ASSERT_NE(page, nullptr);
  memory(page)[0] = 'a';
  std::size_t size = 20 * mib;
  for (int i = 0; i < 100; ++i) {
    const std::size_t wanted = 17 * mib + random.below(150) * mib + random.below(3) * 1000;
    memory(page)[size - 1] = 'z';
    Page* resized = resize_mapping(page, wanted, true);
    ASSERT_NE(resized, nullptr);
    page = resized;
    ASSERT_EQ(memory(page)[0], 'a');
    if (wanted >= size) {
      ASSERT_EQ(memory(page)[size - 1], 'z');
    }
    size = wanted;
    for (std::size_t offset = 0; offset < size; offset += segment_size) {
      ASSERT_EQ(segment_of(page->start + offset), page->segment);
    }
  }
  free_mapping(page);
  (void)purge_mappings();
}

}  // namespace
}  // namespace ar::heap

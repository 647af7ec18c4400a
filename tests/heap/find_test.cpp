// Tests src/heap/
// heap::find: what any address is to the heap.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstdint>
#include <vector>

#include "heap/allocate.hpp"
#include "heap/look_up.hpp"
#include "support/random.hpp"
#include "support/tracked_heap.hpp"
#include "track/record.hpp"
#include "track/sites/origins.hpp"

namespace ar::heap {
namespace {

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;

std::uintptr_t address_of(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }
const void* at(std::uintptr_t address) { return reinterpret_cast<const void*>(address); }

// A block as the abi layer makes it: with its metadata word.
void* make(std::size_t size) {
  const Allocated made = allocate(size);
  EXPECT_NE(made.block, nullptr);
  track::record_allocation(made.page, made.block, size, 0x1234, track::Family::malloc_family);
  return made.block;
}

constexpr std::uint32_t free_families = track::family_bit(track::Family::malloc_family);

void give_back(void* block) {
  Page* page = page_of(block);
  ASSERT_NE(page, nullptr);
  ASSERT_EQ(track::record_free(page, block, 0x5678, free_families).kind, track::FreeKind::ordinary);
  free(page, block);
}

void code() {}

TEST(Find, AddressesThatAreNotTheHeapsAreForeign) {
  static int in_data = 0;
  int on_stack = 0;
  EXPECT_EQ(find(nullptr).kind, AddressKind::foreign);
  EXPECT_EQ(find(&in_data).kind, AddressKind::foreign);
  EXPECT_EQ(find(&on_stack).kind, AddressKind::foreign);
  EXPECT_EQ(find(reinterpret_cast<const void*>(&code)).kind, AddressKind::foreign);
  EXPECT_EQ(find(&empty_page).kind, AddressKind::foreign);
  for (const std::uintptr_t address :
       {std::uintptr_t{1}, std::uintptr_t{4095}, ~std::uintptr_t{0}, ~std::uintptr_t{0} << 47U,
        std::uintptr_t{1} << 47U, (std::uintptr_t{1} << 47U) - 1, std::uintptr_t{1} << 63U,
        std::uintptr_t{0xffffffff81000000}}) {
    EXPECT_EQ(find(at(address)).kind, AddressKind::foreign) << std::hex << address;
  }
  test::Random random(1);
  for (int i = 0; i < 1000000; ++i) {
    (void)find(at(random.next() >> random.below(40)));  // must not fault
  }
}

TEST(Find, KnowsEveryByteOfALiveBlock) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{16}, std::size_t{33}, std::size_t{1000}, 9 * kib,
                                 64 * kib, 65 * kib, mib + 5, 17 * mib, 70 * mib}) {
    void* block = make(size);
    const std::uintptr_t start = address_of(block);
    const BlockInfo whole = find(block);
    EXPECT_EQ(whole.kind, AddressKind::live) << size;
    EXPECT_EQ(whole.start, start);
    EXPECT_EQ(whole.requested_size, size);
    EXPECT_GE(whole.usable_size, size);
    const std::size_t step = size < 4096 ? 1 : size / 997;
    for (std::size_t offset = 1; offset < size; offset += step) {
      const BlockInfo inside = find(at(start + offset));
      ASSERT_EQ(inside.kind, AddressKind::interior) << offset << " in " << size;
      ASSERT_EQ(inside.start, start);
      ASSERT_EQ(inside.requested_size, size);
    }
    ASSERT_TRUE(size == 1 || find(at(start + size - 1)).kind == AddressKind::interior);
    give_back(block);
  }
}

TEST(Find, KnowsABlockThatWasFreed) {
  void* first = make(40);
  void* second = make(40);  // keeps the page
  give_back(first);
  const BlockInfo info = find(first);
  EXPECT_EQ(info.kind, AddressKind::freed);
  EXPECT_EQ(info.start, address_of(first));
  EXPECT_EQ(track::freed_by(info.slot), 0x5678U);
  EXPECT_EQ(find(at(address_of(first) + 8)).kind, AddressKind::freed);
  give_back(second);
}

TEST(Find, PageTailsAndFreeSpansHoldNoBlock) {
  void* block = make(7 * kib);  // 9 in a page of 64 KiB, and a tail of 1 KiB
  const Page* page = page_of(block);
  ASSERT_LT(page->capacity * page->block_size, slice_size);
  EXPECT_EQ(find(at(page->start + slice_size - 1)).kind, AddressKind::unallocated);
  EXPECT_EQ(find(at(page->start + page->capacity * page->block_size)).kind, AddressKind::unallocated);
  give_back(block);

  void* large = make(5 * mib);
  const std::uintptr_t start = address_of(large);
  give_back(large);
  for (std::size_t offset = 0; offset < 5 * mib; offset += 60 * kib) {
    ASSERT_EQ(find(at(start + offset)).kind, AddressKind::unallocated) << offset;
  }
}

TEST(Find, AMappingEndsWhereItsMemoryEnds) {
  constexpr std::size_t size = 20 * mib + 1;
  void* block = make(size);
  const std::uintptr_t start = address_of(block);
  EXPECT_EQ(find(at(start + size - 1)).kind, AddressKind::interior);
  EXPECT_EQ(find(at(start + 20 * mib + 4096)).kind, AddressKind::foreign);
  EXPECT_EQ(find(at(start + segment_size - 1)).kind, AddressKind::foreign);
  give_back(block);
  EXPECT_NE(find(block).kind, AddressKind::live);
  EXPECT_NE(find(at(start + 12345)).kind, AddressKind::interior);
}

// A release goes by page_of, which must lead to a page for any address at all: interior pointers into large
// blocks are a mistake that programs make.
TEST(Find, AReleaseOfAnInteriorPointerIsSeen) {
  for (const std::size_t size :
       {std::size_t{100}, 5 * kib, 60 * kib, 65 * kib, 300 * kib, 10 * mib, 17 * mib, 100 * mib}) {
    void* block = make(size);
    const std::size_t step = size < 4096 ? 8 : size / 501;
    for (std::size_t offset = step; offset < size; offset += step) {
      void* inside = static_cast<char*>(block) + offset;
      Page* page = page_of(inside);
      ASSERT_TRUE(page == nullptr || track::record_free(page, inside, 0x9abc, free_families).kind ==
                                         track::FreeKind::not_a_block)
          << offset << " in " << size;
    }
    EXPECT_EQ(find(block).kind, AddressKind::live);
    give_back(block);
    Page* page = page_of(block);
    ASSERT_TRUE(page == nullptr ||
                track::record_free(page, block, 0x9abc, free_families).kind == track::FreeKind::not_a_block)
        << size;
  }
}

// The descriptors of large blocks lie among other metadata, which must not be taken for pages.
TEST(Find, AReleaseInsideALargeBlockMeetsNoOtherMetadata) {
  std::vector<void*> large;
  std::vector<void*> others;
  for (int i = 0; i < 8; ++i) {
    large.push_back(make(100 * mib));
    for (int fill = 0; fill < 600; ++fill) {  // more than a segment: its descriptor comes next
      others.push_back(make(60 * kib));
      others.push_back(make(24));
    }
  }
  for (void* block : large) {
    for (std::size_t offset = 64 * kib; offset < 100 * mib; offset += 64 * kib) {
      void* inside = static_cast<char*>(block) + offset;
      Page* page = page_of(inside);
      ASSERT_TRUE(page == nullptr || track::record_free(page, inside, 0x9abc, free_families).kind ==
                                         track::FreeKind::not_a_block)
          << offset;
    }
  }
  for (void* block : large) {
    give_back(block);
  }
  for (void* block : others) {
    give_back(block);
  }
}

// Foreign memory may lie right behind a large block, in what is left of its place in the segment map.
TEST(Find, ForeignMemoryBesideALargeBlockIsForeign) {
  void* block = make(17 * mib);
  const std::uintptr_t behind = (address_of(block) + 18 * mib) & ~std::uintptr_t{4095};
  void* mapped = mmap(reinterpret_cast<void*>(behind), 4 * mib, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (mapped != MAP_FAILED) {  // the kernel may have put something there already: as good
    EXPECT_EQ(find(mapped).kind, AddressKind::foreign);
  }
  for (std::size_t offset = 0; offset < 4 * mib; offset += 4096) {
    void* foreign = reinterpret_cast<char*>(behind) + offset;
    Page* page = page_of(foreign);
    ASSERT_TRUE(page == nullptr || track::record_free(page, foreign, 0x9abc, free_families).kind ==
                                       track::FreeKind::not_a_block);
  }
  if (mapped != MAP_FAILED) {
    munmap(mapped, 4 * mib);
  }
  give_back(block);
}

TEST(Find, EveryLiveBlockIsVisitedOnce) {
  std::vector<void*> blocks;
  test::Random random(7);
  constexpr std::uintptr_t site = 0x4242;
  for (int i = 0; i < 3000; ++i) {
    const std::size_t size = random.size(i % 100 == 0 ? 26 : 15);
    const Allocated made = allocate(size);
    ASSERT_NE(made.block, nullptr);
    track::record_allocation(made.page, made.block, size, site, track::Family::malloc_family);
    blocks.push_back(made.block);
  }
  const track::OriginIndex origin = track::slot_origin(find(blocks[0]).slot);
  struct Seen {
    track::OriginIndex origin;
    std::size_t blocks, bytes;
  } seen = {origin, 0, 0};
  const auto visit = [](const BlockInfo& info, void* context) {
    auto& sums = *static_cast<Seen*>(context);
    if (track::slot_origin(info.slot) == sums.origin) {
      ++sums.blocks;
      sums.bytes += info.requested_size;
    }
    return true;
  };
  for_each_live_block(visit, &seen);
  EXPECT_EQ(seen.blocks, blocks.size());
  const track::Counters totals = track::totals(origin);
  EXPECT_EQ(seen.bytes, totals.allocated_bytes - totals.freed_bytes);
  for (std::size_t i = 0; i < blocks.size(); i += 2) {
    give_back(blocks[i]);
  }
  seen = {origin, 0, 0};
  for_each_live_block(visit, &seen);
  EXPECT_EQ(seen.blocks, blocks.size() / 2);
  for (std::size_t i = 1; i < blocks.size(); i += 2) {
    give_back(blocks[i]);
  }
  seen = {origin, 0, 0};
  for_each_live_block(visit, &seen);
  EXPECT_EQ(seen.blocks, 0U);
}

TEST(Find, OwnRangesCoverBlocksAndMetadataInOrder) {
  void* small = make(100);
  void* large = make(40 * mib);
  const auto covered = [](std::uintptr_t address) {
    std::uintptr_t start = 0;
    std::uintptr_t end = 0;
    return own_range_after(address, start, end) && start <= address && address < end;
  };
  EXPECT_TRUE(covered(address_of(small)));
  EXPECT_TRUE(covered(address_of(large)));
  EXPECT_TRUE(covered(address_of(large) + 40 * mib - 1));
  EXPECT_TRUE(covered(address_of(page_of(small))));
  EXPECT_TRUE(covered(address_of(page_of(small)->slots)));
  EXPECT_FALSE(covered(address_of(&empty_page)));
  std::uintptr_t start = 0;
  std::uintptr_t end = 0;
  std::uintptr_t previous_end = 0;
  while (own_range_after(previous_end, start, end)) {
    ASSERT_LT(start, end);
    ASSERT_GE(start, previous_end);
    previous_end = end;
  }
  give_back(small);
  give_back(large);
}

}  // namespace
}  // namespace ar::heap

// What every ar::Allocator promises, as parameterised tests. The parameter makes a subject, anew for each
// test:
//
//   struct Mine { ar::MyAllocator mine{…}; ar::Allocator allocator() { return mine.allocator(); } };
//   INSTANTIATE_TEST_SUITE_P(Mine, AllocatorConformance,
//                            ::testing::Values(subject<Mine>("Mine", Threads::one)), name_of);
//
// It needs 96 MiB to give. Parameters are values and not types, since an ar::Allocator hides the type anyway;
// so the tests are compiled once, not once an allocator.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <arpent/allocator.hpp>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <numeric>
#include <ostream>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "support/null_when_too_large.hpp"
#include "support/pattern.hpp"
#include "support/random.hpp"

namespace ar::test {

inline constexpr std::size_t largest_alignment = std::size_t{64} << 10U;

inline bool is_aligned(const void* pointer, std::size_t alignment) {
  return reinterpret_cast<std::uintptr_t>(pointer) % alignment == 0;
}

// A living block with the content that it must have.
struct Block {
  std::span<std::byte> bytes;
  ar::Alignment alignment{1};
  std::uint64_t seed = 0;

  void fill() const { test::fill(bytes.data(), bytes.size(), seed); }
  [[nodiscard]] std::size_t damage() const { return test::damage(bytes.data(), bytes.size(), seed); }
};

// Allocates, resizes and frees at random, `steps` times, with at most `most` blocks alive, and looks at each
// block's content and alignment whenever it is touched. Returns what was wrong, or "".
inline std::string random_trace(ar::Allocator allocator, std::uint64_t seed, std::size_t steps,
                                std::size_t most) {
  Random random{seed};
  std::vector<Block> alive;
  std::string wrong;
  const auto check = [&](const Block& block, const char* when) {
    if (!is_aligned(block.bytes.data(), block.alignment.bytes)) {
      wrong += std::string("not aligned ") + when + "; ";
    }
    if (block.damage() != 0) {
      wrong += std::string("content lost ") + when + "; ";
    }
  };
  for (std::size_t step = 0; step < steps && wrong.empty(); ++step) {
    if (alive.empty() || (alive.size() < most && random.below(2) == 0)) {
      const ar::Alignment alignment{std::size_t{1} << random.below(random.below(8) == 0 ? 13 : 5)};
      const auto bytes = allocator.aligned_alloc<std::byte>(alignment, random.size(14) - 1);
      if (!bytes) {
        wrong += "out of memory; ";
        break;
      }
      alive.push_back({*bytes, alignment, random.next()});
      alive.back().fill();
      continue;
    }
    Block& block = alive[random.below(alive.size())];
    check(block, "before it is changed");
    const std::size_t size = random.size(14) - 1;
    const std::size_t kind = random.below(5);
    if (kind < 2) {
      allocator.free(block.bytes, block.alignment);
      block = alive.back();
      alive.pop_back();
      continue;
    }
    const auto resized = kind == 2   ? allocator.resize(block.bytes, block.alignment, size)
                         : kind == 3 ? allocator.remap(block.bytes, block.alignment, size)
                                     : allocator.realloc(block.bytes, block.alignment, size);
    if (!resized) {
      if (kind == 4 || resized.error() != ar::Error::not_in_place) {
        wrong += "cannot be resized; ";
      }
      check(block, "after it could not be resized");
      continue;
    }
    if (kind == 2 && size != 0 && resized->data() != block.bytes.data()) {
      wrong += "resize has moved it; ";
    }
    if (resized->size() != size) {
      wrong += "resized to another size; ";
    }
    if (test::damage(resized->data(), block.bytes.size(), size, block.seed) != 0) {
      wrong += "content lost when it was resized; ";
    }
    block.bytes = *resized;
    block.fill();
  }
  for (const Block& block : alive) {
    check(block, "at the end");
    allocator.free(block.bytes, block.alignment);
  }
  return wrong;
}

// An allocator to be tested, with all that it needs.
class Subject {
 public:
  Subject() = default;
  virtual ~Subject() = default;
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;
  virtual ar::Allocator allocator() = 0;
};

enum class Threads : std::uint8_t { one, many };  // that may use the allocator at once

struct SubjectMaker {
  const char* name;
  Threads threads;
  std::unique_ptr<Subject> (*make)();
};
inline void PrintTo(const SubjectMaker& maker, std::ostream* stream) { *stream << maker.name; }

template <class Holder>
SubjectMaker subject(const char* name, Threads threads) {
  struct Held final : Subject {
    Holder holder;
    ar::Allocator allocator() override { return holder.allocator(); }
  };
  return {name, threads, []() -> std::unique_ptr<Subject> { return std::make_unique<Held>(); }};
}

inline std::string name_of(const ::testing::TestParamInfo<SubjectMaker>& info) { return info.param.name; }

class AllocatorConformance : public ::testing::TestWithParam<SubjectMaker> {
 private:
  std::unique_ptr<Subject> subject_ = GetParam().make();

 protected:
  ar::Allocator allocator_ = subject_->allocator();
};

TEST_P(AllocatorConformance, KeepsEveryAlignment) {
  std::vector<Block> blocks;
  for (std::size_t alignment = 1; alignment <= largest_alignment; alignment *= 2) {
    for (const std::size_t size : {std::size_t{1}, alignment - 1, alignment, alignment + 1, 3 * alignment}) {
      const auto bytes = allocator_.aligned_alloc<std::byte>(ar::Alignment{alignment}, size);
      ASSERT_TRUE(bytes) << size << " bytes aligned to " << alignment;
      EXPECT_EQ(bytes->size(), size);
      EXPECT_TRUE(is_aligned(bytes->data(), alignment)) << size << " bytes aligned to " << alignment;
      blocks.push_back({*bytes, ar::Alignment{alignment}, blocks.size() + 1});
      blocks.back().fill();
    }
  }
  for (const Block& block : blocks) {
    EXPECT_EQ(block.damage(), 0U) << block.bytes.size() << " bytes aligned to " << block.alignment.bytes;
    allocator_.free(block.bytes, block.alignment);
  }
}

TEST_P(AllocatorConformance, GivesEverySize) {
  constexpr std::size_t mib = std::size_t{1} << 20U;
  std::vector<Block> blocks;
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{8}, std::size_t{9},
        std::size_t{100}, std::size_t{4095}, std::size_t{4096}, std::size_t{4097}, std::size_t{65537},
        mib + 1, 20 * mib, 33 * mib - 1}) {
    const auto bytes = allocator_.alloc<std::byte>(size);
    ASSERT_TRUE(bytes) << size;
    EXPECT_EQ(bytes->size(), size);
    EXPECT_EQ(bytes->data() == nullptr, size == 0);
    blocks.push_back({*bytes, ar::Alignment{1}, size});
    blocks.back().fill();
  }
  std::ranges::reverse(blocks);
  for (const Block& block : blocks) {
    EXPECT_EQ(block.damage(), 0U) << block.bytes.size();
    allocator_.free(block.bytes);
  }
}

TEST_P(AllocatorConformance, ResizesWhereItIsOrNotAtAll) {
  const auto first = allocator_.alloc<std::byte>(1000);
  ASSERT_TRUE(first);
  Block block{*first, ar::Alignment{1}, 5};
  for (const std::size_t size : {1001U, 2000U, 100000U, 500U, 1U, 1000U}) {
    block.fill();
    const auto resized = allocator_.resize(block.bytes, size);
    if (resized) {
      EXPECT_EQ(resized->data(), block.bytes.data());
      EXPECT_EQ(resized->size(), size);
      EXPECT_EQ(test::damage(resized->data(), block.bytes.size(), size, block.seed), 0U) << size;
      block.bytes = *resized;
    } else {
      EXPECT_EQ(resized.error(), ar::Error::not_in_place);
      EXPECT_EQ(block.damage(), 0U) << size;
    }
  }
  allocator_.free(block.bytes);
}

TEST_P(AllocatorConformance, ReallocatesUpAndDown) {
  for (const std::size_t alignment : {1U, 16U, 256U, 8192U}) {
    const ar::Alignment aligned{alignment};
    std::span<std::uint32_t> items;
    for (std::size_t count = 1; count < 600'000; count = count * 3 + 1) {
      const auto more = allocator_.realloc(items, aligned, count);
      ASSERT_TRUE(more) << count;
      ASSERT_EQ(more->size(), count);
      EXPECT_TRUE(is_aligned(more->data(), std::max(alignment, alignof(std::uint32_t))));
      for (std::size_t i = items.size(); i < count; ++i) {
        (*more)[i] = static_cast<std::uint32_t>(i * 7);
      }
      items = *more;
    }
    while (!items.empty()) {
      const auto fewer = allocator_.realloc(items, aligned, items.size() / 5);
      ASSERT_TRUE(fewer);
      items = *fewer;
      EXPECT_TRUE(is_aligned(items.data(), alignment));
      std::size_t wrong = 0;
      for (std::size_t i = 0; i < items.size(); ++i) {
        wrong += items[i] == i * 7 ? 0U : 1U;
      }
      EXPECT_EQ(wrong, 0U) << items.size();
    }
    EXPECT_EQ(items.data(), nullptr);
  }
}

TEST_P(AllocatorConformance, RemapsOrLeavesAsItIs) {
  const auto first = allocator_.alloc<std::uint64_t>(600);
  ASSERT_TRUE(first);
  std::span<std::uint64_t> items = *first;
  std::iota(items.begin(), items.end(), 1U);
  for (const std::size_t count : {700U, 100'000U, 2'000'000U, 601U}) {
    const auto remapped = allocator_.remap(items, count);
    if (remapped) {
      ASSERT_EQ(remapped->size(), count);
      items = *remapped;
    } else {
      EXPECT_EQ(remapped.error(), ar::Error::not_in_place);
    }
    for (std::uint64_t i = 0; i < 600; ++i) {
      ASSERT_EQ(items[i], i + 1);
    }
    items.back() = 601;  // the new end is there
    items[599] = 600;
  }
  allocator_.free(items);
}

TEST_P(AllocatorConformance, KeepsItsWordOverRandomTraces) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    EXPECT_EQ(random_trace(allocator_, seed, 1500, 4 + seed * 8), "") << "seed " << seed;
  }
}

TEST_P(AllocatorConformance, SaysThatThereIsNoMore) {
  volatile std::size_t largest = std::numeric_limits<std::size_t>::max();  // unknown to the compiler
  const auto is_refused = [&](std::size_t count) {
    const auto bytes = allocator_.alloc<std::byte>(count);
    return !bytes && bytes.error() == ar::Error::out_of_memory;
  };
  EXPECT_TRUE(is_refused(largest));
  EXPECT_TRUE(is_refused(largest / 2 + 1));
  EXPECT_TRUE(is_refused(largest / 2));
  EXPECT_TRUE(is_refused(largest / 2 - 4096));
  const auto wrapping = allocator_.alloc<std::uint64_t>(largest / 8 + 2);
  EXPECT_FALSE(wrapping);
  const auto aligned = allocator_.aligned_alloc<std::byte>(ar::Alignment{largest / 4 + 1}, largest / 2);
  EXPECT_FALSE(aligned);

  const auto items = allocator_.alloc<int>(3);
  ASSERT_TRUE(items);
  (*items)[2] = 4;
  for (const std::size_t count : {largest, largest / 4 + 2, largest / 8 - 1}) {
    EXPECT_FALSE(allocator_.resize(*items, count));
    EXPECT_FALSE(allocator_.remap(*items, count));
    const auto more = allocator_.realloc(*items, count);
    EXPECT_EQ(more.error(), ar::Error::out_of_memory);
  }
  EXPECT_EQ((*items)[2], 4);
  allocator_.free(*items);
}

// What Zig's standard library asks of each of its allocators, in four tests of its own: objects and arrays
// that come and go beside each other; arrays at each alignment, resized through all that can happen to them;
// alignments of more than a page; and blocks that shrink without losing an alignment larger than their
// type's.

TEST_P(AllocatorConformance, ServesObjectsBesideArrays) {
  const auto table = allocator_.alloc<int*>(100);
  ASSERT_TRUE(table);
  for (int i = 0; i < 100; ++i) {
    const auto object = allocator_.create<int>("entry", i);
    ASSERT_TRUE(object);
    (*table)[static_cast<std::size_t>(i)] = *object;
  }
  std::span<int*> entries = *table;
  const auto longer = allocator_.realloc(entries, 20000);
  ASSERT_TRUE(longer);
  entries = *longer;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(*entries[static_cast<std::size_t>(i)], i);
    allocator_.destroy(entries[static_cast<std::size_t>(i)]);
  }
  for (const std::size_t count : {50U, 10U, 0U}) {
    const auto shorter = allocator_.realloc(entries, count);
    ASSERT_TRUE(shorter);
    entries = *shorter;
  }
  for (const std::size_t count : {0U, 10U}) {  // also from nothing to something
    const auto again = allocator_.realloc(entries, count);
    ASSERT_TRUE(again);
    entries = *again;
  }
  allocator_.free(entries);
  const auto nothing = allocator_.create<std::array<char, 1>>();
  ASSERT_TRUE(nothing);
  allocator_.destroy(*nothing);
}

TEST_P(AllocatorConformance, ResizesArraysAtEachAlignment) {
  for (const std::size_t bytes : {1U, 2U, 4U, 8U, 16U, 32U, 64U}) {
    const ar::Alignment alignment{bytes};
    const auto first = allocator_.aligned_alloc<std::byte>(alignment, 10);
    ASSERT_TRUE(first);
    std::span<std::byte> items = *first;
    for (const std::size_t size : {25U, 25U, 10U, 2000U, 9U, 1U, 40U}) {
      const auto resized = allocator_.realloc(items, alignment, size);
      ASSERT_TRUE(resized);
      items = *resized;
      EXPECT_EQ(items.size(), size);
      EXPECT_TRUE(is_aligned(items.data(), bytes));
      std::ranges::fill(items, std::byte{0x5a});
    }
    const auto in_place = allocator_.resize(items, alignment, 20);
    if (in_place) {
      items = *in_place;
    }
    const auto none = allocator_.resize(items, alignment, 0);
    ASSERT_TRUE(none);
    EXPECT_TRUE(none->empty());
  }
}

TEST_P(AllocatorConformance, ServesAlignmentsOfMoreThanAPage) {
  const ar::Alignment alignment{largest_alignment};
  const auto first = allocator_.aligned_alloc<std::byte>(alignment, 500);
  ASSERT_TRUE(first);
  std::span<std::byte> items = *first;
  for (const std::size_t size : {100U, 5000U, 10U, 20000U, 200'000U, 30U}) {
    const auto in_place = allocator_.resize(items, alignment, size);
    if (in_place) {
      items = *in_place;
    }
    const auto resized = allocator_.realloc(items, alignment, size + 1);
    ASSERT_TRUE(resized);
    items = *resized;
    EXPECT_TRUE(is_aligned(items.data(), largest_alignment));
    items.back() = std::byte{1};
  }
  allocator_.free(items, alignment);
}

TEST_P(AllocatorConformance, ShrinksWithoutLosingAlignment) {
  const ar::Alignment alignment{4096};
  // What lies in the way, so that a block that moves has no luck.
  std::vector<std::span<std::byte>> between;
  for (std::size_t i = 0; i < 20; ++i) {
    const auto items = allocator_.aligned_alloc<std::byte>(alignment, 8192 + i);
    const auto odd = allocator_.alloc<std::byte>(2 * i + 1);
    ASSERT_TRUE(items && odd);
    between.push_back(*odd);
    (*items)[0] = std::byte{0x12};
    (*items)[60] = std::byte{0x34};
    std::span<std::byte> shrunk = *items;
    for (const std::size_t size : {5000U, 600U, 61U}) {
      const auto less = allocator_.realloc(shrunk, alignment, size);
      ASSERT_TRUE(less);
      shrunk = *less;
      EXPECT_TRUE(is_aligned(shrunk.data(), alignment.bytes));
      EXPECT_EQ(shrunk[0], std::byte{0x12});
      EXPECT_EQ(shrunk[60], std::byte{0x34});
    }
    allocator_.free(shrunk, alignment);
  }
  for (const auto& items : between) {
    allocator_.free(items);
  }
}

TEST_P(AllocatorConformance, ServesThreadsIfItSaysSo) {
  if (GetParam().threads == Threads::many) {
    std::array<std::string, 4> wrong;
    {
      std::vector<std::jthread> threads;
      for (std::size_t i = 0; i < wrong.size(); ++i) {
        threads.emplace_back([&, i] { wrong[i] = random_trace(allocator_, 100 + i, 1500, 20); });
      }
    }
    for (const std::string& text : wrong) {
      EXPECT_EQ(text, "");
    }
  }
}

}  // namespace ar::test

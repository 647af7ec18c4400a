// Tests src/track/threads/birth_table.cpp
// The table of sampled blocks: what is put in comes out, and thinning chooses evenly.
#include "track/threads/birth_table.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <unordered_map>

namespace ar::track {
namespace {

TEST(BirthTable, GivesBackWhatWasPutInWhateverTheOrder) {
  BirthTable table;
  std::unordered_map<std::uintptr_t, std::uint64_t> expected;
  std::mt19937_64 random{7};
  for (int i = 0; i < 400'000; ++i) {
    const std::uintptr_t block = 0x7f0000000000 + random() % 60'000 * 16;
    if (random() % 2 == 0 || !expected.contains(block)) {
      if (expected.size() < BirthTable::most / 2) {
        const std::uint64_t clock = random() >> 20U;
        ASSERT_TRUE(table.insert(block, {clock, 64}));
        expected[block] = clock;
      }
    } else {
      Birth birth{};
      ASSERT_TRUE(table.take(block, birth));
      ASSERT_EQ(birth.clock, expected[block]);
      ASSERT_EQ(birth.weight, 64U);
      expected.erase(block);
    }
    ASSERT_EQ(table.count(), expected.size());
  }
  Birth birth{};
  for (std::uintptr_t block = 0x7f0000000000; block < 0x7f0000000000 + 60'000 * 16; block += 16) {
    ASSERT_EQ(table.take(block, birth), expected.contains(block)) << block;
  }
}

TEST(BirthTable, CountsThoseThatStayForThoseThatLeft) {
  BirthTable table;
  constexpr std::size_t blocks = 1'000'000;
  for (std::size_t i = 0; i < blocks; ++i) {
    table.insert(0x10000 + i * 48, {i, 1});
    ASSERT_LE(table.count(), BirthTable::most);
  }
  double early = 0;
  double all = 0;
  for (std::size_t i = 0; i < blocks; ++i) {
    Birth birth{};
    if (table.take(0x10000 + i * 48, birth)) {
      EXPECT_EQ(birth.clock, i);
      all += birth.weight;
      early += i < blocks / 2 ? birth.weight : 0;
    }
  }
  EXPECT_NEAR(all, blocks, blocks / 50.0);
  EXPECT_NEAR(early, blocks / 2.0, blocks / 50.0) << "which blocks stay does not depend on their age";
  EXPECT_EQ(table.count(), 0U);
}

TEST(BirthTable, HoldsNoPointerToABlock) {
  const auto block = std::make_unique<char>();
  const auto address = reinterpret_cast<std::uintptr_t>(block.get());
  BirthTable table;
  ASSERT_TRUE(table.insert(address, {1, 1}));
  // Its memory would be a root of the leak scan.
  const std::uintptr_t* const* entries = reinterpret_cast<const std::uintptr_t* const*>(&table);
  std::size_t found = 0;
  for (std::size_t i = 0; i < BirthTable::places * 3; ++i) {
    found += (*entries)[i] == address ? 1 : 0;
  }
  EXPECT_EQ(found, 0U);
  Birth birth{};
  EXPECT_TRUE(table.take(address, birth));
}

}  // namespace
}  // namespace ar::track

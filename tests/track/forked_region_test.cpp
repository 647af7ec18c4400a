// Tests src/track/region/region.cpp
// The profile of a forked child is as at the fork, whatever its parent's threads have added since.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

#include "track/region/region.hpp"

namespace ar::track {
namespace {

template <typename Record>
Record* add_chunk(std::size_t count) {
  auto* const records = static_cast<Record*>(allocate_in_region(count * sizeof(Record)));
  EXPECT_NE(records, nullptr);
  return records;
}

template <typename Record>
bool is_cleared(const Record& record) {
  const auto* const bytes = reinterpret_cast<const unsigned char*>(&record);
  return std::all_of(bytes, bytes + sizeof record, [](unsigned char byte) { return byte == 0; });
}

TEST(ForkedRegion, HoldsNoRecordsThatTheParentWroteAfterTheFork) {
  std::string folder = testing::TempDir() + "forked_region_XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const ProfilePath place{.directory = folder.c_str()};
  ASSERT_TRUE(open_region(place));
  ASSERT_TRUE(region_has_file());
  header()->origin_chunks[0] = offset_of(add_chunk<OriginRecord>(origins_per_chunk));
  header()->node_chunks[0] =
      static_cast<std::uint32_t>(offset_of(add_chunk<StackNodeRecord>(nodes_per_chunk)) / 8);
  header()->origin_count = 17;
  header()->node_count = 5;
  auto* const origins = at<OriginRecord>(header()->origin_chunks[0]);
  auto* const nodes = at<StackNodeRecord>(Offset{header()->node_chunks[0]} * 8);
  origins[16].address = 0x1000;
  nodes[4].address = 0x2000;
  note_region_at_fork();
  for (OriginIndex index = 17; index < origins_per_chunk; ++index) {
    std::memset(static_cast<void*>(&origins[index]), 0xff, sizeof origins[index]);
  }
  for (NodeIndex index = 5; index < nodes_per_chunk; ++index) {
    std::memset(static_cast<void*>(&nodes[index]), 0xff, sizeof nodes[index]);
  }
  header()->origin_count = origins_per_chunk;
  header()->node_count = nodes_per_chunk;

  separate_region(place, [](Untracked) noexcept { ADD_FAILURE() << "no file for the child"; });
  EXPECT_EQ(header()->origin_count, 17U);
  EXPECT_EQ(header()->node_count, 5U);
  EXPECT_EQ(origins[16].address, 0x1000U);
  EXPECT_EQ(nodes[4].address, 0x2000U);
  EXPECT_TRUE(std::all_of(origins + 17, origins + origins_per_chunk, is_cleared<OriginRecord>));
  EXPECT_TRUE(std::all_of(nodes + 5, nodes + nodes_per_chunk, is_cleared<StackNodeRecord>));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace ar::track

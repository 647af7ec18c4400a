// Tests src/profile/model/histograms.cpp
// Histograms of sizes and lifetimes, and what the reader makes of those in a profile.
#include "profile/model/histograms.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "profile/read/reader.hpp"
#include "support/profile_builder.hpp"

namespace ar::profile {
namespace {

using ::testing::HasSubstr;
using testing::plain_origin;
using testing::ProfileBuilder;

TEST(Histogram, PutsNumbersByTheirBits) {
  EXPECT_EQ(bucket_of(0), 0U);
  EXPECT_EQ(bucket_of(1), 1U);
  EXPECT_EQ(bucket_of(7), 3U);
  EXPECT_EQ(bucket_of(8), 4U);
  EXPECT_EQ(bucket_of(std::numeric_limits<std::uint64_t>::max()), histogram_buckets - 1);
  EXPECT_EQ(largest_in(3), 7U);
}

TEST(Histogram, TellsQuantiles) {
  Histogram histogram{};
  EXPECT_EQ(quantile(histogram, 0.5), 0U);
  EXPECT_EQ(size_sentence(histogram), "");
  histogram[3] = 60;
  histogram[11] = 39;
  histogram[21] = 1;
  EXPECT_EQ(quantile(histogram, 0.5), 7U);
  EXPECT_EQ(quantile(histogram, 0.99), 2047U);
  EXPECT_EQ(quantile(histogram, 1), (1U << 21U) - 1);
  EXPECT_EQ(size_sentence(histogram), "half up to 7 B, 99 % up to 2.0 KiB");
}

TEST(Histogram, StretchesASampleToTheWhole) {
  Histogram histogram{};
  histogram[2] = 64;
  histogram[5] = 192;
  histogram[9] = 1;
  stretch(histogram, 1000);
  EXPECT_EQ(histogram[2], 249U);
  EXPECT_EQ(histogram[5], 747U);
  EXPECT_EQ(histogram[9], 4U);
  histogram.fill(std::numeric_limits<std::uint64_t>::max());
  stretch(histogram, std::numeric_limits<std::uint64_t>::max());  // of a damaged profile
  EXPECT_GT(histogram[0], 0U);
}

// A site with these parts of histograms, the later ones first in the list.
ProfileBuilder with_parts(const std::vector<track::HistogramRecord>& parts, track::Counters counters) {
  ProfileBuilder builder;
  track::OriginRecord record = plain_origin(0x1000, 0);
  for (track::HistogramRecord part : parts) {
    part.next = record.histograms;
    record.histograms = static_cast<std::uint32_t>(builder.add_histogram(part) / 8);
  }
  // The reader takes what is live, and so what was freed, from the leak scan.
  record.reachable_blocks = counters.allocations - counters.frees;
  record.reachable_bytes = counters.allocated_bytes - counters.freed_bytes;
  builder.count(builder.add_thread(), builder.add_origin(record), counters);
  return builder;
}

TEST(ProfileReader, JoinsThePartsOfHistograms) {
  const auto profile = read_profile(
      with_parts(
          {{.next = 0, .first = 8, .counts = {0, 6}},
           {.next = 0, .first = track::first_size_bucket, .counts = {0, 0, 0, 0, 0, 0, 64}},
           {.next = 0, .first = 0, .counts = {2}}},
          {.allocations = 100, .allocated_bytes = 5000, .frees = 80, .freed_bytes = 4000, .temporary = 0})
          .bytes());
  ASSERT_TRUE(profile) << profile.error();
  const Site& site = profile->sites.at(0);
  EXPECT_EQ(site.sizes[6], 100U);
  EXPECT_EQ(site.lifetimes[0], 20U);
  EXPECT_EQ(site.lifetimes[9], 60U);
}

TEST(ProfileReader, KnowsTheSizeOfABlockThatIsAlone) {
  const auto profile = read_profile(
      with_parts({},
                 {.allocations = 1, .allocated_bytes = 5000, .frees = 0, .freed_bytes = 0, .temporary = 0})
          .bytes());
  ASSERT_TRUE(profile) << profile.error();
  EXPECT_EQ(profile->sites.at(0).sizes[13], 1U);
  EXPECT_TRUE(is_empty(profile->sites.at(0).lifetimes));
}

TEST(ProfileReader, RefusesHistogramsThatCannotBe) {
  for (const std::uint32_t first : {3U, 2 * track::histogram_buckets, 0xfffffff8U}) {
    const auto profile = read_profile(with_parts({{.next = 0, .first = first, .counts = {}}}, {}).bytes());
    ASSERT_FALSE(profile);
    EXPECT_THAT(profile.error(), HasSubstr("site 1 has a histogram that cannot be"));
  }
  ProfileBuilder circle = with_parts({{.next = 0, .first = 0, .counts = {}}}, {});
  const track::Offset at = track::Offset{circle.origin(1).histograms} * 8;
  circle.at_offset<track::HistogramRecord>(at).next = circle.origin(1).histograms;
  EXPECT_THAT(read_profile(circle.bytes()).error(), HasSubstr("a histogram that cannot be"));
  circle.at_offset<track::HistogramRecord>(at).next = 0x7fffffff;
  EXPECT_THAT(read_profile(circle.bytes()).error(), HasSubstr("lies outside"));
}

}  // namespace
}  // namespace ar::profile

// Tests src/profile/read/reader.cpp src/profile/read/region_file.cpp
// Damaged profiles, and files that are not profiles.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "profile/example_profile.hpp"
#include "profile/read/reader.hpp"
#include "profile/read/region_file.hpp"
#include "support/profile_builder.hpp"

namespace ar::profile {
namespace {

using testing::example;
using ::testing::HasSubstr;
using testing::ProfileBuilder;

// What read_profile says of the example after a change.
std::string complaint(const std::function<void(ProfileBuilder&)>& change) {
  ProfileBuilder builder = example();
  change(builder);
  const auto profile = read_profile(builder.bytes());
  return profile ? "no complaint" : profile.error();
}

TEST(DamagedProfile, RefusesOtherFiles) {
  EXPECT_THAT(complaint([](auto& builder) { builder.header().magic = 0; }),
              HasSubstr("is not a profile of Arpent"));
  EXPECT_THAT(complaint([](auto& builder) { builder.header().version = 77; }), HasSubstr("has format 77"));
  EXPECT_THAT(complaint([](auto& builder) { builder.header().header_size = 8; }),
              HasSubstr("8 bytes of header"));
}

TEST(DamagedProfile, NamesWhatIsDamaged) {
  EXPECT_THAT(complaint([](auto& builder) { builder.header().origin_count = track::max_origins + 1; }),
              HasSubstr("more than the 262144 there can be"));
  EXPECT_THAT(complaint([](auto& builder) { builder.header().peak_capture = 3; }),
              HasSubstr("names capture 3"));
  EXPECT_THAT(complaint([](auto& builder) { builder.header().state = static_cast<track::RunState>(9); }),
              HasSubstr("unknown state (9)"));
  EXPECT_THAT(complaint([](auto& builder) { builder.header().program = 1ULL << 60U; }),
              HasSubstr("the program's path at offset 0x1000000000000000 lies outside"));
  EXPECT_THAT(complaint([](auto& builder) { builder.header().modules += 4; }),
              HasSubstr("a module at offset"));
  EXPECT_THAT(complaint([](auto& builder) { builder.header().threads = 1ULL << 40U; }),
              HasSubstr("a thread at offset"));
  EXPECT_THAT(complaint([](auto& builder) { builder.header().origin_chunks[1] = 0; }),
              HasSubstr("site 64 lies at offset 0x0"));
  EXPECT_THAT(complaint([](auto& builder) { builder.header().origin_chunks[0] = ~std::uint64_t{7}; }),
              HasSubstr("site 1 lies at offset"));
  EXPECT_THAT(complaint([](auto& builder) { builder.header().origin_count = 1000; }),
              HasSubstr("site 128 lies at"));
  EXPECT_THAT(complaint([](auto& builder) { builder.origin(7).module = 3; }),
              HasSubstr("site 7 names module 3 of 2"));
  EXPECT_THAT(complaint([](auto& builder) { builder.origin(7).stack = 102; }),
              HasSubstr("site 7 names stack node 102 of 102"));
  EXPECT_THAT(complaint([](auto& builder) { builder.header().node_count = track::max_nodes + 1; }),
              HasSubstr("more than the 4194304 there can be"));
  EXPECT_THAT(complaint([](auto& builder) { builder.header().node_count = 5000; }),
              HasSubstr("stack node 1024 lies nowhere"));
  EXPECT_THAT(complaint([](auto& builder) { builder.header().node_chunks[0] = ~0U; }),
              HasSubstr("a stack node at offset"));
  EXPECT_THAT(complaint([](auto& builder) { builder.stack_node(5).caller = 5; }),
              HasSubstr("stack node 5 is called by node 5, which comes after it"));
  EXPECT_THAT(complaint([](auto& builder) { builder.stack_node(5).module = 3; }),
              HasSubstr("stack node 5 names module 3 of 2"));
  EXPECT_THAT(complaint([](auto& builder) { builder.header().timeline_count = track::timeline_points + 1; }),
              HasSubstr("513 points, more than the 512"));
  EXPECT_THAT(complaint([](auto& builder) { builder.header().moments = 1ULL << 40U; }),
              HasSubstr("a moment at offset"));
  EXPECT_THAT(complaint([](auto& builder) { builder.origin(7).family = static_cast<track::Family>(200); }),
              HasSubstr("site 7 has an unknown family (200)"));
  EXPECT_THAT(complaint([](auto& builder) { builder.origin(7).file = 1ULL << 50U; }),
              HasSubstr("a site's file name"));
  EXPECT_THAT(complaint([](auto& builder) {
                builder.template at_offset<track::ModuleRecord>(builder.header().modules).build_id_size = 33;
              }),
              HasSubstr("a build id of 33 bytes"));
  EXPECT_THAT(complaint([](auto& builder) {
                builder.template at_offset<track::ThreadRecord>(builder.header().threads).chunks[1] =
                    0xffffffffU;
              }),
              HasSubstr("a thread's counters at offset 0x7fffffff8 lies outside"));
}

// Each would be read on its own: a small file would fill all memory.
TEST(DamagedProfile, RefusesLongBuildIdsThatShareTheirBytes) {
  EXPECT_THAT(complaint([](auto& builder) {
                const std::vector<std::uint8_t> id(16);
                for (int i = 0; i < 10; ++i) {
                  (void)builder.add_module("/lib/shared.so", id, 0x10000);
                }
                for (track::Offset at = builder.header().modules; at != 0;) {
                  auto& module = builder.template at_offset<track::ModuleRecord>(at);
                  module.build_id_size = sizeof(track::Header);
                  std::memset(module.build_id, 0, sizeof module.build_id);
                  at = module.next;
                }
              }),
              HasSubstr("longer build ids than a file of its size can have"));
}

TEST(DamagedProfile, EndsWhereListsRunInACircle) {
  EXPECT_THAT(complaint([](auto& builder) {
                const track::Offset at = builder.add_moment("again", 1, 1);
                builder.template at_offset<track::MomentRecord>(at).next = at;
              }),
              HasSubstr("moments runs in a circle"));
  EXPECT_THAT(complaint([](auto& builder) {
                const track::Offset at = builder.header().modules;
                builder.template at_offset<track::ModuleRecord>(at).next = at;
              }),
              HasSubstr("modules runs in a circle"));
  EXPECT_THAT(complaint([](auto& builder) {
                const track::Offset at = builder.header().threads;
                builder.template at_offset<track::ThreadRecord>(at).next = at;
              }),
              HasSubstr("threads runs in a circle"));
}

TEST(DamagedProfile, FindsTextWithoutEnd) {
  ProfileBuilder builder = example();
  const track::Offset at = builder.text("12345678");
  builder.header().program = at;
  std::vector<std::byte> bytes = builder.bytes();
  bytes.resize(at + 8);
  const std::uint64_t used = bytes.size();
  std::memcpy(bytes.data() + offsetof(track::Header, used), &used, sizeof used);
  const auto profile = read_profile(bytes);
  ASSERT_FALSE(profile);
  EXPECT_THAT(profile.error(), HasSubstr("has no end"));
}

TEST(DamagedProfile, EveryTruncationIsAnError) {
  const std::vector<std::byte> whole = example().bytes();
  for (std::size_t size = 0; size < whole.size(); size += size < 256 ? 1 : 61) {
    const auto profile = read_profile(std::span{whole}.first(size));
    ASSERT_FALSE(profile) << size;
    ASSERT_THAT(profile.error(), HasSubstr("is cut short")) << size;
  }
}

// Wild stores anywhere: an error or a profile, never a crash (this test runs under the sanitizers too).
TEST(DamagedProfile, SurvivesWildStores) {
  const std::vector<std::byte> whole = example().bytes();
  std::mt19937_64 random{20240607};  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same every time
  std::size_t errors = 0;
  for (int round = 0; round < 3000; ++round) {
    std::vector<std::byte> bytes = whole;
    for (int store = 0; store < 8; ++store) {
      // The header's first bytes, the records, or anywhere.
      const std::size_t begin = round % 2 == 0 ? sizeof(track::Header) : 0;
      const std::size_t at = begin + random() % (bytes.size() - begin - 8);
      const std::uint64_t value = store % 2 == 0 ? random() : random() % bytes.size();
      std::memcpy(bytes.data() + at / 8 * 8, &value, sizeof value);
    }
    const auto profile = read_profile(bytes);
    errors += profile ? 0 : 1;
    if (!profile) {
      ASSERT_FALSE(profile.error().empty());
      ASSERT_FALSE(profile.error().contains('\n'));
    }
  }
  EXPECT_GT(errors, 100U);
}

class ProfileFile : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "profile-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path write(const std::vector<std::byte>& bytes) {
    const std::filesystem::path path = folder_ / "1.0.profile";
    std::ofstream{path, std::ios::binary}.write(reinterpret_cast<const char*>(bytes.data()),
                                                static_cast<std::streamsize>(bytes.size()));
    return path;
  }

  std::filesystem::path folder_;
};

TEST_F(ProfileFile, IsReadThoughItIsSparseAndMuchLarger) {
  const std::filesystem::path path = write(example().bytes());
  std::filesystem::resize_file(path, 8ULL << 30U);
  const auto profile = read_profile_file(path);
  ASSERT_TRUE(profile) << profile.error();
  EXPECT_EQ(profile->sites.size(), 100U);
}

TEST_F(ProfileFile, IsNotReadThroughALink) {
  const std::filesystem::path path = write(example().bytes());
  std::filesystem::create_symlink(path, folder_ / "link");
  const auto profile = read_profile_file(folder_ / "link");
  ASSERT_FALSE(profile);
  EXPECT_THAT(profile.error(), HasSubstr("cannot be opened"));
}

TEST_F(ProfileFile, ThatIsMissingEmptyOrAFolderIsNamed) {
  EXPECT_THAT(read_profile_file(folder_ / "none").error(), HasSubstr("cannot be opened: No such file"));
  EXPECT_THAT(read_profile_file(write({})).error(), HasSubstr("is cut short: 0 bytes"));
  EXPECT_THAT(read_profile_file(folder_).error(), HasSubstr("is not a regular file"));
}

TEST_F(ProfileFile, WithAnImpossibleSizeIsDamagedNotSwallowed) {
  std::vector<std::byte> bytes = example().bytes();
  const std::uint64_t used = ~std::uint64_t{0};
  std::memcpy(bytes.data() + offsetof(track::Header, used), &used, sizeof used);
  const auto profile = read_profile_file(write(bytes));
  ASSERT_FALSE(profile);
  EXPECT_THAT(profile.error(), HasSubstr("cut short or damaged"));
}

}  // namespace
}  // namespace ar::profile

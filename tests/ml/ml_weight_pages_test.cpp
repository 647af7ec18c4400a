// Tests src/ml/weight_store.cpp
// What becomes of a mapped model's pages: read ahead, locked, advised. The sanitizers make nothing of
// locking.
#include <arpent/ml/weight_store.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "weight_files.hpp"

namespace {

using ar::ml::Dtype;
using ar::ml::TensorToWrite;
using ar::ml::WeightFault;
using ar::ml::WeightStore;
using ar::testing::TemporaryFolder;
using ar::testing::two_tensors;
using ar::testing::weight_file;
using ::testing::HasSubstr;

// A line of /proc/self/smaps about the mapping that begins here, in KiB, or the whole text of VmFlags.
[[nodiscard]] std::string mapping_fact(const void* start, const std::string& key) {
  std::ifstream smaps{"/proc/self/smaps"};
  std::array<char, 32> begin{};
  std::snprintf(begin.data(), begin.size(), "%lx-",
                static_cast<unsigned long>(reinterpret_cast<std::uintptr_t>(start)));
  bool here = false;
  for (std::string line; std::getline(smaps, line);) {
    if (line.starts_with(begin.data())) {
      here = true;
    } else if (here && line.starts_with(key + ":")) {
      const std::size_t value = line.find_first_not_of(' ', key.size() + 1);
      return line.substr(value);
    }
  }
  return "";
}

TEST(WeightPages, ArePrefaultedLockedAndAdvised) {
  constexpr std::size_t size = 1U << 20U;
  const TemporaryFolder folder;
  const std::vector<std::byte> data(size);
  const std::array<std::size_t, 1> shape{size};
  const std::array tensors{TensorToWrite{"w", Dtype::u8, shape, data}};
  const std::string path = folder.file("w.safetensors");
  ASSERT_TRUE(ar::ml::write_weights(path, tensors).has_value());
  const auto start_of = [](const WeightStore& store) {
    return reinterpret_cast<const void*>(reinterpret_cast<std::uintptr_t>(store.tensors()[0].data.data()) &
                                         ~std::uintptr_t{4095});
  };
  const auto plain = WeightStore::map(path);
  const auto there = WeightStore::map(path, {.prefault = true});
  const auto huge = WeightStore::map(path, {.huge_pages = true});
  ASSERT_TRUE(plain && there && huge);
  EXPECT_EQ(mapping_fact(start_of(*there), "Rss"), "1028 kB");
  EXPECT_NE(mapping_fact(start_of(*plain), "Rss"), "1028 kB");
  EXPECT_THAT(mapping_fact(start_of(*huge), "VmFlags"), HasSubstr(" hg"));
  const auto locked = WeightStore::map(path, {.lock = true});
  if (locked) {
    EXPECT_NE(mapping_fact(start_of(*locked), "Locked"), "0 kB");
    EXPECT_EQ(mapping_fact(start_of(*plain), "Locked"), "0 kB");
  } else {
    EXPECT_EQ(locked.error().fault, WeightFault::lock);
  }
}

// Root may lock what it likes, unless it gives its capabilities up.
[[noreturn]] void lock_without_right(const std::string& path) {
  const rlimit none{};
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> nobody{};
  if (::setrlimit(RLIMIT_MEMLOCK, &none) != 0 || ::syscall(SYS_capset, &header, nobody.data()) != 0) {
    std::_Exit(2);
  }
  const auto locked = WeightStore::map(path, {.lock = true});
  std::fprintf(stderr, "%s\n", locked ? "locked" : locked.error().text.c_str());
  std::_Exit(!locked && locked.error().fault == WeightFault::lock ? 0 : 1);
}

TEST(WeightPages, ThatMayNotBeLockedAreTold) {
  const TemporaryFolder folder;
  const std::string path = folder.file("w.safetensors", weight_file(two_tensors, 7));
  EXPECT_EXIT(lock_without_right(path), ::testing::ExitedWithCode(0),
              "its pages cannot be locked \\(see ulimit -l\\)");
}

}  // namespace

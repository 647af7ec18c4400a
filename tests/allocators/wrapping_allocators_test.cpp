// Tests include/arpent/
// What stands between a program and its allocator: a lock, a log, a budget, a name, failures; and the
// allocators that reach the system and the process heap.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <arpent/arena_allocator.hpp>
#include <arpent/c_allocator.hpp>
#include <arpent/failing_allocator.hpp>
#include <arpent/limit_allocator.hpp>
#include <arpent/logging_allocator.hpp>
#include <arpent/named_allocator.hpp>
#include <arpent/page_allocator.hpp>
#include <arpent/std_allocator.hpp>
#include <arpent/thread_safe_allocator.hpp>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <regex>
#include <string>
#include <thread>
#include <vector>

#include "support/checked_ledger.hpp"

namespace ar::test {
namespace {

#if defined(__SANITIZE_THREAD__)
constexpr bool under_thread_sanitizer = true;
#elif defined(__has_feature)
constexpr bool under_thread_sanitizer = __has_feature(thread_sanitizer);
#else
constexpr bool under_thread_sanitizer = false;
#endif

TEST(PageAllocator, GivesPagesThatReadAsZero) {
  const std::size_t page = ar::PageAllocator::page_size();
  const auto bytes = ar::page_allocator.alloc<std::byte>(10).value();
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(bytes.data()) % page, 0U);
  EXPECT_EQ(bytes[page - 1], std::byte{0});
  EXPECT_EQ(ar::page_allocator.resize(bytes, page)->data(), bytes.data());
  ar::page_allocator.free(bytes.first(10));
}

// Whether the page at an address is mapped.
bool is_mapped(const void* address) {
  unsigned char resident = 0;
  return ::mincore(const_cast<void*>(address), 1, &resident) == 0;
}

TEST(PageAllocator, GivesPagesBackWhenABlockShrinksOrEnds) {
  const std::size_t page = ar::PageAllocator::page_size();
  const auto bytes = ar::page_allocator.alloc<std::byte>(4 * page).value();
  EXPECT_TRUE(is_mapped(bytes.data() + 3 * page));
  const auto less = ar::page_allocator.resize(bytes, page + 1).value();
  EXPECT_TRUE(is_mapped(bytes.data() + page));
  EXPECT_FALSE(is_mapped(bytes.data() + 2 * page));
  ar::page_allocator.free(less);
  EXPECT_FALSE(is_mapped(bytes.data()));
}

TEST(PageAllocator, CutsAlignedBlocksOutCleanly) {
  const std::size_t page = ar::PageAllocator::page_size();
  const ar::Alignment alignment{64 * page};
  const auto bytes = ar::page_allocator.aligned_alloc<std::byte>(alignment, 3 * page).value();
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(bytes.data()) % alignment.bytes, 0U);
  bytes[3 * page - 1] = std::byte{1};
  ar::page_allocator.free(bytes, alignment);
  EXPECT_FALSE(is_mapped(bytes.data()));
}

TEST(PageAllocator, MovesPagesInsteadOfBytes) {
  const std::size_t page = ar::PageAllocator::page_size();
  auto bytes = ar::page_allocator.alloc<std::byte>(page).value();
  bytes[7] = std::byte{7};
  const auto moved = ar::page_allocator.remap(bytes, 100'000 * page);
  if (under_thread_sanitizer) {
    EXPECT_FALSE(moved);  // which does not see mremap: nothing is moved there
    ar::page_allocator.free(bytes);
    return;
  }
  ASSERT_TRUE(moved);
  EXPECT_EQ((*moved)[7], std::byte{7});
  ar::page_allocator.free(*moved);
}

TEST(CAllocator, ShrinksButDoesNotGrowInPlace) {
  const auto bytes = ar::c_allocator.alloc<std::byte>(20).value();
  EXPECT_FALSE(ar::c_allocator.resize(bytes, 21));  // though malloc has a few bytes to spare
  const auto less = ar::c_allocator.resize(bytes, 3);
  ASSERT_TRUE(less);
  ar::c_allocator.free(ar::c_allocator.remap(*less, 2000).value());
}

TEST(ThreadSafeAllocator, GuardsWhatIsNot) {
  CheckedLedger ledger;
  ar::ArenaAllocator arena{ledger.allocator()};
  ar::ThreadSafeAllocator safe{arena.allocator()};
  std::array<std::size_t, 4> wrong{};
  {
    std::vector<std::jthread> threads;
    for (std::size_t& count : wrong) {
      threads.emplace_back([&] {
        std::vector<std::size_t*> mine;
        for (std::size_t i = 0; i < 5000; ++i) {
          mine.push_back(safe.allocator().create<std::size_t>("number", i).value());
        }
        for (std::size_t i = 0; i < mine.size(); ++i) {
          count += *mine[i] == i ? 0U : 1U;
        }
      });
    }
  }
  for (const std::size_t count : wrong) {
    EXPECT_EQ(count, 0U);
  }
}

class Logged : public ::testing::Test {
 protected:
  // What has been written so far.
  std::string text() {
    std::fflush(stream_);
    std::rewind(stream_);
    std::string all(100'000, '\0');
    all.resize(std::fread(all.data(), 1, all.size(), stream_));
    return all;
  }
  void expect_line(const std::string& pattern) {
    const std::string all = text();
    EXPECT_TRUE(std::regex_search(all, std::regex("(^|\n)" + pattern + "\n"))) << pattern << "\nis not in\n"
                                                                               << all;
  }
  void TearDown() override { std::fclose(stream_); }

  CheckedLedger ledger_;
  std::FILE* stream_ = std::tmpfile();
  ar::LimitAllocator limit_{ledger_.allocator(), 1000};
  ar::LoggingAllocator logging_{limit_.allocator(), stream_};
  ar::Allocator allocator_ = logging_.allocator();
};

TEST_F(Logged, WritesALineForEachCall) {
  auto items = allocator_.alloc<int>(10, "scores").value();
  const std::string place = "wrapping_allocators_test.cpp:" + std::to_string(__LINE__ - 1);
  expect_line("alloc 40 align 4 = 0x[0-9a-f]+ scores \\(.*" + place + "\\)");
  items = allocator_.realloc(items, 20).value();
  expect_line("remap 0x[0-9a-f]+ 40 -> 80 align 4 = refused \\(.*\\)");
  EXPECT_FALSE(allocator_.resize(items, 30));
  expect_line("resize 0x[0-9a-f]+ 80 -> 120 align 4 = refused \\(.*\\)");
  items = allocator_.resize(items, 10).value();
  expect_line("resize 0x[0-9a-f]+ 80 -> 40 align 4 = done \\(.*\\)");
  allocator_.free(items);
  expect_line("free 0x[0-9a-f]+ 40 align 4 \\(.*\\)");
  EXPECT_FALSE(allocator_.alloc<char>(2000));
  expect_line("alloc 2000 align 1 = refused \\(.*\\)");
  EXPECT_EQ(std::ranges::count(text(), '\n'), 8);
}

TEST_F(Logged, CutsLongDescriptions) {
  allocator_.destroy(allocator_.create<int>(std::string(10'000, 'd')).value());
  const std::string all = text();
  EXPECT_EQ(std::ranges::count(all, '\n'), 2);
  EXPECT_LT(all.find('\n'), 512U);
  expect_line("alloc 4 align 4 = 0x[0-9a-f]+ d{300} .*");
}

TEST_F(Logged, SaysNothingOfPlacesThatAreNotKnown) {
  {
    const std::vector<int, ar::StdAllocator<int>> items(3, 0, allocator_);
  }
  expect_line("alloc 12 align 4 = 0x[0-9a-f]+");
}

TEST(LimitAllocator, KeepsWithinItsBudget) {
  CheckedLedger ledger;
  ar::LimitAllocator limit{ledger.allocator(), 1000};
  const ar::Allocator allocator = limit.allocator();
  EXPECT_EQ(limit.limit(), 1000U);
  auto first = allocator.alloc<std::byte>(600).value();
  EXPECT_EQ(limit.used(), 600U);
  EXPECT_EQ(allocator.alloc<std::byte>(401).error(), ar::Error::out_of_memory);
  EXPECT_EQ(ledger.now(), 1U);  // nobody was asked
  const auto second = allocator.alloc<std::byte>(400).value();
  EXPECT_EQ(limit.used(), 1000U);
  first = allocator.resize(first, 100).value();
  EXPECT_EQ(limit.used(), 500U);
  EXPECT_FALSE(allocator.realloc(first, 501));  // there is room for one of both only, while they are copied
  first = allocator.realloc(first, 400).value();
  EXPECT_EQ(limit.used(), 800U);
  allocator.free(first);
  allocator.free(second);
  EXPECT_EQ(limit.used(), 0U);
}

TEST(LimitAllocator, DoesNotCountWhatTheBackingAllocatorRefused) {
  ar::LimitAllocator limit{ar::null_allocator, 1000};
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(limit.allocator().alloc<std::byte>(900));
  }
  EXPECT_EQ(limit.used(), 0U);
  CheckedLedger ledger;  // which refuses to grow in place
  ar::LimitAllocator other{ledger.allocator(), 1000};
  const auto items = other.allocator().alloc<std::byte>(10).value();
  EXPECT_FALSE(other.allocator().resize(items, 500));
  EXPECT_EQ(other.used(), 10U);
  other.allocator().free(items);
}

TEST(LimitAllocator, HoldsWhenThreadsShareIt) {
  ar::LimitAllocator limit{ar::c_allocator, 10'000};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int round = 0; round < 5000; ++round) {
          if (const auto items = limit.allocator().alloc<std::byte>(3000)) {
            EXPECT_LE(limit.used(), 10'000U);
            limit.allocator().free(*items);
          }
        }
      });
    }
  }
  EXPECT_EQ(limit.used(), 0U);
}

TEST(NamedAllocator, NamesWhatPassesThrough) {
  ar::testing::Ledger ledger;
  ar::NamedAllocator named{ledger.allocator(), "parser"};
  const int made = __LINE__ - 1;
  (void)named.allocator().alloc<int>(1, "its own");
  const std::vector<ar::testing::Finding> direct = ledger.take_findings();
  ASSERT_EQ(direct.size(), 1U);
  EXPECT_NE(direct[0].text.find("parser"), std::string::npos) << direct[0].text;
  EXPECT_EQ(direct[0].text.find("its own"), std::string::npos);
  EXPECT_EQ(direct[0].line, made + 2);

  ar::StdAllocator<int> standard{named.allocator()};
  int* const items = standard.allocate(4);
  const std::vector<ar::testing::Finding> by_container = ledger.take_findings();
  ASSERT_EQ(by_container.size(), 1U);
  EXPECT_NE(by_container[0].text.find("parser"), std::string::npos);
  EXPECT_EQ(by_container[0].line, made);  // for want of a place, where it was named
  standard.deallocate(items, 4);
}

TEST(FailingAllocator, FailsTheOneThatItIsToldTo) {
  CheckedLedger ledger;
  ar::FailingAllocator failing{ledger.allocator(), {.fail_index = 1}};
  const ar::Allocator allocator = failing.allocator();
  int* const first = allocator.create<int>().value();
  EXPECT_FALSE(failing.has_failed());
  EXPECT_EQ(allocator.create<int>().error(), ar::Error::out_of_memory);
  EXPECT_EQ(failing.failed_at().line(), static_cast<unsigned>(__LINE__ - 1));
  EXPECT_TRUE(failing.has_failed());
  int* const third = allocator.create<int>().value();
  EXPECT_EQ(failing.allocations(), 3U);
  allocator.destroy(first);
  allocator.destroy(third);
  EXPECT_EQ(failing.frees(), 2U);
}

TEST(FailingAllocator, RefusesGrowthIfToldTo) {
  ar::FailingAllocator failing{ar::page_allocator, {.refuse_growth = true}};
  const auto items = failing.allocator().alloc<std::byte>(100).value();
  EXPECT_FALSE(failing.allocator().resize(items, 101));
  EXPECT_FALSE(failing.allocator().remap(items, 101));
  EXPECT_TRUE(failing.allocator().resize(items, 99));
  failing.allocator().free(items.first(99));
}

}  // namespace
}  // namespace ar::test

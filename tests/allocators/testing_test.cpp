// Tests include/arpent/testing.hpp
// <arpent/testing.hpp>: it finds what is wrong, and nothing where nothing is. How it fails tests of
// GoogleTest and Catch2 is seen from outside, in testing_frameworks.sh.
#include <gtest/gtest.h>

#include <arpent/owned.hpp>
#include <arpent/std_allocator.hpp>
#include <arpent/testing.hpp>
#include <array>
#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace ar::test {
namespace {

class Ledger : public ::testing::Test {
 protected:
  // The one finding there is.
  std::string only_finding() {
    const std::vector<ar::testing::Finding> findings = ledger_.take_findings();
    EXPECT_EQ(findings.size(), 1U);
    if (findings.empty()) {
      return "";
    }
    line_ = findings[0].line;
    file_ = findings[0].file;
    return findings[0].text;
  }
  ar::testing::Ledger ledger_;
  ar::Allocator allocator_ = ledger_.allocator();
  int line_ = 0;
  std::string file_;
};

TEST_F(Ledger, FindsNothingWhereNothingIsWrong) {
  const auto items = allocator_.alloc<int>(10).value();
  const auto more = allocator_.realloc(items, 20).value();
  allocator_.free(allocator_.resize(more, 3).value());
  allocator_.destroy(allocator_.create<int>().value());
  EXPECT_TRUE(ledger_.take_findings().empty());
}

TEST_F(Ledger, FindsLeaksOnceAndOldestFirst) {
  const auto scores = allocator_.alloc<int>(10, "scores").value();
  const int line = __LINE__ - 1;
  const auto before = ledger_.now();
  const auto nameless = allocator_.alloc<char>(1).value();
  ASSERT_EQ(ledger_.take_findings(before).size(), 1U);  // since then
  const std::string text = only_finding();
  EXPECT_TRUE(text.starts_with("a leak of 40 bytes: scores, allocated at ")) << text;
  EXPECT_EQ(line_, line);
  EXPECT_TRUE(file_.ends_with("testing_test.cpp"));
  EXPECT_TRUE(ledger_.take_findings().empty());
  allocator_.free(scores);  // late, but not wrong
  allocator_.free(nameless);
  EXPECT_TRUE(ledger_.take_findings().empty());

  for (std::size_t i = 1; i < 20; ++i) {
    (void)allocator_.alloc<std::byte>(i);
  }
  const auto findings = ledger_.take_findings();
  ASSERT_EQ(findings.size(), 19U);
  for (std::size_t i = 1; i < 20; ++i) {
    EXPECT_NE(findings[i - 1].text.find("of " + std::to_string(i) + (i == 1 ? " byte:" : " bytes:")),
              std::string::npos);
  }
}

TEST_F(Ledger, FindsWhatIsFreedTwiceOrElsewhere) {
  const auto items = allocator_.alloc<int>(10).value();
  allocator_.free(items);
  allocator_.free(items);
  EXPECT_TRUE(only_finding().starts_with("a block that is not alive in this allocator is freed at "));
  EXPECT_EQ(line_, __LINE__ - 2);
  std::array<int, 2> elsewhere{};
  EXPECT_FALSE(allocator_.resize(std::span<int>{elsewhere}, 1));
  EXPECT_TRUE(only_finding().starts_with("a block that is not alive in this allocator is resized at "));
}

TEST_F(Ledger, FindsWrongSizesAndAlignments) {
  const auto items = allocator_.alloc<int>(10, "scores").value();
  (void)ledger_.take_findings();  // that it is alive
  allocator_.free(items.first(9));
  EXPECT_NE(only_finding().find("as 36 bytes aligned to 4, but it has 40 bytes aligned to 4: scores"),
            std::string::npos);
  allocator_.free(items, ar::Alignment{64});
  EXPECT_NE(only_finding().find("as 40 bytes aligned to 64, but it has 40 bytes aligned to 4"),
            std::string::npos);
  allocator_.free(items);  // it was left alone until now
  EXPECT_TRUE(ledger_.take_findings().empty());
}

TEST_F(Ledger, NamesContainers) {
  ar::StdAllocator<int> standard{allocator_};
  int* const items = standard.allocate(1);
  EXPECT_EQ(only_finding(), "a leak of 4 bytes: a block without description, allocated by a container");
  standard.deallocate(items, 1);
}

TEST_F(Ledger, FillsWhatIsNewAndWhatShrinks) {
  const auto items = allocator_.alloc<unsigned char>(10).value();
  EXPECT_EQ(items[9], 0xaa);
  const auto less = allocator_.resize(items, 5).value();
  EXPECT_EQ(items[5], 0xdd);
  EXPECT_EQ(items[4], 0xaa);
  allocator_.free(less);
}

TEST(TestingAllocator, IsTheLedgers) {
  const auto before = ar::testing::ledger().now();
  ar::testing::allocator().destroy(ar::testing::allocator().create<int>().value());
  EXPECT_EQ(ar::testing::ledger().now(), before + 1);
  EXPECT_TRUE(ar::testing::ledger().take_findings(before).empty());
}

// ----- check_all_allocation_failures -----

struct Pair {
  ar::Owned<int> first;
  ar::OwnedSpan<char> second;
};

std::expected<Pair, ar::Error> clean(ar::Allocator allocator) {
  auto first = ar::make_owned<int>(allocator, "first", 1);
  if (!first) {
    return std::unexpected(first.error());
  }
  auto second = ar::make_owned_span<char>(allocator, 10, "second");
  if (!second) {
    return std::unexpected(second.error());
  }
  return Pair{std::move(*first), std::move(*second)};
}

TEST(AllocationFailures, AcceptsWhatIsClean) {
  EXPECT_EQ(ar::testing::check_all_allocation_failures(clean), "");
  EXPECT_EQ(ar::testing::check_all_allocation_failures(
                [](ar::Allocator allocator) { return clean(allocator).has_value(); }),
            "");
  EXPECT_EQ(ar::testing::check_all_allocation_failures([](ar::Allocator) {}), "");
}

TEST(AllocationFailures, RunsOnceForEachAllocationAndOnceForAll) {
  int runs = 0;
  EXPECT_EQ(ar::testing::check_all_allocation_failures([&](ar::Allocator allocator) {
              ++runs;
              return clean(allocator);
            }),
            "");
  EXPECT_EQ(runs, 3);
}

TEST(AllocationFailures, AcceptsContainersThatThrow) {
  EXPECT_EQ(ar::testing::check_all_allocation_failures([](ar::Allocator allocator) {
              std::vector<int, ar::StdAllocator<int>> items{allocator};
              for (int i = 0; i < 100; ++i) {
                items.push_back(i);
              }
            }),
            "");
}

TEST(AllocationFailures, FindsWhatLeaksOnFailure) {
  const std::string wrong = ar::testing::check_all_allocation_failures([](ar::Allocator allocator) {
    const auto first = allocator.create<int>("the first");
    if (!first) {
      return false;
    }
    const auto second = allocator.create<int>("the second");
    if (!second) {
      return false;  // the first is forgotten
    }
    allocator.destroy(*first);
    allocator.destroy(*second);
    return true;
  });
  EXPECT_TRUE(wrong.starts_with("with allocation 2 of 2 failing (")) << wrong;
  EXPECT_NE(wrong.find("testing_test.cpp:" + std::to_string(__LINE__ - 9) +
                       "): a leak of 4 bytes: the first, allocated at "),
            std::string::npos)
      << wrong;
}

TEST(AllocationFailures, FindsWhatLeaksAnyway) {
  const std::string wrong = ar::testing::check_all_allocation_failures(
      [](ar::Allocator allocator) { return allocator.create<int>("lost").has_value(); });
  EXPECT_TRUE(wrong.starts_with("with no allocation failing: success; a leak of 4 bytes: lost")) << wrong;
}

TEST(AllocationFailures, FindsFailuresThatAreKeptSecret) {
  const std::string wrong = ar::testing::check_all_allocation_failures([](ar::Allocator allocator) {
    if (const auto cache = allocator.create<int>()) {
      allocator.destroy(*cache);
    }
    return true;
  });
  EXPECT_NE(wrong.find("the function succeeded all the same"), std::string::npos) << wrong;
}

TEST(AllocationFailures, FindsFunctionsThatAreNotTheSameInEachRun) {
  int runs = 0;
  const std::string wrong = ar::testing::check_all_allocation_failures([&](ar::Allocator allocator) {
    if (++runs == 1) {
      allocator.destroy(allocator.create<int>().value());
    }
    return true;
  });
  EXPECT_NE(wrong.find("it was not asked for"), std::string::npos) << wrong;
}

TEST(AllocationFailures, FindsFunctionsThatFailAnyway) {
  EXPECT_TRUE(ar::testing::check_all_allocation_failures([](ar::Allocator) {
                return false;
              }).starts_with("with no allocation failing: no success"));
}

TEST(AllocationFailures, FindsWrongFrees) {
  const std::string wrong = ar::testing::check_all_allocation_failures([](ar::Allocator allocator) {
    const auto items = allocator.alloc<int>(4).value();
    allocator.free(items.first(3));
    allocator.free(items);
    return true;
  });
  EXPECT_NE(wrong.find("as 12 bytes"), std::string::npos) << wrong;
}

}  // namespace
}  // namespace ar::test

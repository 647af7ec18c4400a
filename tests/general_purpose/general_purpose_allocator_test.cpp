// Tests src/general_purpose/
// The general purpose allocator: the promises of every allocator, what safety finds and says, and its end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <arpent/failing_allocator.hpp>
#include <arpent/fixed_buffer_allocator.hpp>
#include <arpent/general_purpose_allocator.hpp>
#include <arpent/limit_allocator.hpp>
#include <arpent/page_allocator.hpp>
#include <arpent/testing.hpp>
#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "support/allocator_conformance.hpp"
#include "support/checked_ledger.hpp"

namespace ar::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// --- the promises of every allocator

template <GeneralPurposeOptions options>
struct General {
  GeneralPurposeAllocator<options> general;
  General() = default;
  General(const General&) = delete;
  General& operator=(const General&) = delete;
  ~General() { EXPECT_EQ(general.deinit(), Deinit::ok); }
  Allocator allocator() { return general.allocator(); }
};

// On a backing that sees whether all of it comes back as it went.
template <GeneralPurposeOptions options>
struct OnLedger {
  CheckedLedger ledger;
  GeneralPurposeAllocator<options> general{ledger.allocator()};
  Allocator allocator() { return general.allocator(); }
};

constexpr GeneralPurposeOptions fast = {.safety = false};
constexpr GeneralPurposeOptions fast_alone = {.safety = false, .thread_safe = false};
constexpr GeneralPurposeOptions safe_alone = {.stack_frames = 0, .thread_safe = false};
constexpr GeneralPurposeOptions never_reuse = {.never_reuse = true};
constexpr GeneralPurposeOptions retaining = {.retain_metadata = true};

INSTANTIATE_TEST_SUITE_P(
    GeneralPurpose, AllocatorConformance,
    ::testing::Values(subject<General<GeneralPurposeOptions{}>>("Safe", Threads::many),
                      subject<General<safe_alone>>("SafeAlone", Threads::one),
                      subject<General<fast>>("Fast", Threads::many),
                      subject<General<fast_alone>>("FastAlone", Threads::one),
                      subject<General<never_reuse>>("NeverReuse", Threads::many),
                      subject<General<retaining>>("Retaining", Threads::many),
                      subject<OnLedger<GeneralPurposeOptions{}>>("SafeOnLedger", Threads::many),
                      subject<OnLedger<fast>>("FastOnLedger", Threads::many),
                      subject<OnLedger<never_reuse>>("NeverReuseOnLedger", Threads::many),
                      subject<OnLedger<retaining>>("RetainingOnLedger", Threads::many)),
    name_of);

// --- what safety says

class Misuse : public ::testing::Test {
 protected:
  void SetUp() override { ::testing::internal::CaptureStderr(); }
  void TearDown() override {
    const std::string rest = ::testing::internal::GetCapturedStderr();
    EXPECT_EQ(rest, "");
  }
  // What has been said since the last time.
  static std::string said() {
    std::string text = ::testing::internal::GetCapturedStderr();
    ::testing::internal::CaptureStderr();
    return text;
  }
  std::byte* block(std::size_t size, const char* description = nullptr) {
    return general_.allocator().alloc<std::byte>(size, description).value().data();
  }
  void free(std::byte* start, std::size_t size) {
    general_.allocator().free(std::span<std::byte>{start, size});
  }

  GeneralPurposeAllocator<GeneralPurposeOptions{.retain_metadata = true}> general_;
};

TEST_F(Misuse, IsNotSeenWhereThereIsNone) {
  free(block(40), 40);
  free(block(100'000), 100'000);
  EXPECT_EQ(general_.deinit(), Deinit::ok);
  EXPECT_EQ(said(), "");
}

TEST_F(Misuse, ALeakIsToldOnceAStack) {
  const volatile int three = 3;  // so that no compiler makes three places of one
  for (int i = 0; i < three; ++i) {
    (void)block(100, "scores");
  }
  (void)block(70'000, "weights");
  EXPECT_EQ(general_.deinit(), Deinit::leak);
  const std::string text = said();
  EXPECT_THAT(text,
              HasSubstr("arpent: leak: 4 blocks, 70300 bytes, not released when their allocator ended"));
  EXPECT_THAT(text, HasSubstr("1 block, 70000 bytes, at 0x"));
  EXPECT_THAT(text, HasSubstr("3 blocks, 300 bytes, one of them at 0x"));
  EXPECT_LT(text.find("weights"), text.find("scores")) << "the most bytes first";
  EXPECT_EQ(general_.deinit(), Deinit::ok) << "it began anew";
}

TEST_F(Misuse, ADoubleFreeHasThreeStacks) {
  for (const std::size_t size : {std::size_t{40}, std::size_t{100'000}}) {
    std::byte* start = block(size, "twice");
    free(start, size);
    EXPECT_EQ(said(), "");
    free(start, size);
    const std::string text = said();
    EXPECT_THAT(text,
                HasSubstr("arpent: double free: the block of " + std::to_string(size) + " bytes at 0x"));
    EXPECT_THAT(text, HasSubstr("(\"twice\")"));
    EXPECT_THAT(text, HasSubstr("  allocated at:\n    #0 "));
    EXPECT_THAT(text, HasSubstr("  first released at:\n    #0 "));
    EXPECT_THAT(text, HasSubstr("  released again at:\n    #0 "));
  }
  EXPECT_EQ(general_.deinit(), Deinit::ok);
}

TEST_F(Misuse, APointerIntoABlockIsNoBlock) {
  for (const std::size_t size : {std::size_t{48}, std::size_t{100'000}}) {
    std::byte* start = block(size);
    free(start + 16, size - 16);
    EXPECT_THAT(said(), HasSubstr("lies 16 bytes inside the block of " + std::to_string(size) + " bytes"));
    free(start, size);
  }
  EXPECT_EQ(general_.deinit(), Deinit::ok);
}

TEST_F(Misuse, AForeignPointerIsRefused) {
  std::byte own[64];
  free(block(16), 16);
  free(own, sizeof own);
  EXPECT_THAT(said(), HasSubstr("is no block of this allocator; this release is ignored"));
  free(own, 100'000);
  EXPECT_THAT(said(), HasSubstr("is no block of this allocator; this release is ignored"));
}

TEST_F(Misuse, AnotherSizeIsTold) {
  std::byte* start = block(40, "short");
  free(start, 41);
  EXPECT_THAT(said(), HasSubstr("(\"short\"), aligned to 1, was released as one of 41 bytes, aligned to 1"));
  start = block(40);
  free(start, 100'000);
  EXPECT_THAT(said(), HasSubstr("was released as one of 100000 bytes"));
  start = block(100'000);
  free(start, 40);
  EXPECT_THAT(said(), HasSubstr("the block of 100000 bytes"));
  EXPECT_EQ(general_.deinit(), Deinit::ok) << "released all the same";
}

TEST_F(Misuse, AWriteAfterTheReleaseIsTold) {
  std::byte* start = block(40, "stale");
  free(start, 40);
  start[39] = std::byte{1};
  EXPECT_EQ(general_.deinit(), Deinit::ok);
  const std::string text = said();
  EXPECT_THAT(text, HasSubstr("arpent: use after free: the block of 40 bytes at 0x"));
  EXPECT_THAT(text, HasSubstr("was written to after its release, 39 bytes from its start"));
  EXPECT_THAT(text, HasSubstr("  released at:\n"));
}

TEST(GeneralPurposeAllocator, HandsReleasedBlocksOutAgainAndLooksAtThem) {
  GeneralPurposeAllocator<> general;
  const Allocator allocator = general.allocator();
  std::byte* first = allocator.alloc<std::byte>(40)->data();
  allocator.free(std::span{first, 40});
  first[0] = std::byte{7};
  ::testing::internal::CaptureStderr();
  for (int i = 0; i < 5000; ++i) {  // more than a page: what was released has to do again
    allocator.free(*allocator.alloc<std::byte>(40));
  }
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("arpent: use after free: "));
  EXPECT_EQ(general.deinit(), Deinit::ok);
}

TEST(GeneralPurposeAllocator, EndsTheProcessWhenAsked) {
  EXPECT_EXIT(
      {
        GeneralPurposeAllocator<GeneralPurposeOptions{.abort_on_misuse = true}> general;
        const auto items = *general.allocator().alloc<int>(4);
        general.allocator().free(items);
        general.allocator().free(items);
      },
      ::testing::KilledBySignal(SIGABRT), "double free");
}

// By a signal, or in a sanitizer's words.
bool has_crashed(int status) { return WIFSIGNALED(status) || WEXITSTATUS(status) != 0; }

TEST(GeneralPurposeAllocator, FaultsWhereMemoryIsGone) {
  EXPECT_EXIT(
      {
        GeneralPurposeAllocator<> general;
        const auto items = *general.allocator().alloc<int>(50'000);
        general.allocator().free(items);
        items[0] = 1;
      },
      has_crashed, "");
  EXPECT_EXIT(
      {
        GeneralPurposeAllocator<never_reuse> general;
        std::vector<std::span<char>> page;
        for (std::size_t i = 0; i < (std::size_t{64} << 10U) / 1024; ++i) {
          page.push_back(*general.allocator().alloc<char>(1024));
        }
        for (const auto& items : page) {
          general.allocator().free(items);
        }
        page.front()[0] = 'x';
      },
      has_crashed, "");
}

TEST(GeneralPurposeAllocator, NeverHandsOutTwiceWhatItMustNot) {
  GeneralPurposeAllocator<never_reuse> general;
  std::vector<void*> seen;
  for (int i = 0; i < 5000; ++i) {
    const auto items = *general.allocator().alloc<char>(100);
    seen.push_back(items.data());
    general.allocator().free(items);
  }
  std::ranges::sort(seen);
  EXPECT_EQ(std::ranges::adjacent_find(seen), seen.end());
}

// --- limits and exhaustion

TEST(GeneralPurposeAllocator, KeepsToItsLimit) {
  GeneralPurposeAllocator<GeneralPurposeOptions{.memory_limit = 1000}> general;
  const Allocator allocator = general.allocator();
  auto first = allocator.alloc<char>(600);
  EXPECT_EQ(general.requested_bytes(), 600U);
  EXPECT_EQ(allocator.alloc<char>(401).error(), Error::out_of_memory);
  auto rest = allocator.alloc<char>(400);
  ASSERT_TRUE(rest);
  EXPECT_FALSE(allocator.resize(*first, 601));
  first = allocator.resize(*first, 590);
  ASSERT_TRUE(first);
  EXPECT_EQ(general.requested_bytes(), 990U);
  allocator.free(*first);
  allocator.free(*rest);
  EXPECT_EQ(general.requested_bytes(), 0U);
}

TEST(GeneralPurposeAllocator, SurvivesABackingThatHasNothing) {
  EXPECT_EQ(testing::check_all_allocation_failures([](Allocator backing) -> bool {
              GeneralPurposeAllocator<> general{backing};
              const auto small = general.allocator().alloc<int>(10);
              const auto large = general.allocator().alloc<int>(20'000);
              const bool both = small && large;
              if (small) {
                general.allocator().free(*small);
              }
              if (large) {
                general.allocator().free(*large);
              }
              return both && general.deinit() == Deinit::ok;
            }),
            "");
}

TEST(GeneralPurposeAllocator, WorksInABufferAndReusesItsMemory) {
  alignas(65536) static std::byte buffer[std::size_t{8} << 20U];
  FixedBufferAllocator fixed{buffer};
  GeneralPurposeAllocator<fast_alone> general{fixed.allocator()};
  for (int i = 0; i < 100'000; ++i) {
    const auto items = general.allocator().alloc<char>(static_cast<std::size_t>(i) % 2000 + 1);
    ASSERT_TRUE(items);
    general.allocator().free(*items);
  }
}

TEST(GeneralPurposeAllocator, GivesAllBackWithItsEnd) {
  CheckedLedger ledger;
  {
    GeneralPurposeAllocator<fast> general{ledger.allocator()};
    for (std::size_t size = 1; size < 100'000; size = size * 3 / 2 + 1) {
      (void)general.allocator().alloc<std::byte>(size);
    }
  }
}

// --- threads and fork

TEST(GeneralPurposeAllocator, TakesWhatOtherThreadsAllocated) {
  GeneralPurposeAllocator<> general;
  const Allocator allocator = general.allocator();
  std::vector<std::span<int>> made;
  std::thread([&] {
    for (int i = 0; i < 10'000; ++i) {
      made.push_back(*allocator.alloc<int>(10));
    }
  }).join();
  std::thread([&] {
    for (const auto& items : made) {
      allocator.free(items);
    }
  }).join();
  EXPECT_EQ(general.deinit(), Deinit::ok);
}

TEST(GeneralPurposeAllocator, LeavesNoCachesOfThreadsThatAreGone) {
  LimitAllocator counted{page_allocator, SIZE_MAX};
  GeneralPurposeAllocator<fast> general{counted.allocator()};
  const Allocator allocator = general.allocator();
  std::thread([&] { allocator.free(*allocator.alloc<int>(10)); }).join();
  const std::size_t after_one = counted.used();
  for (int i = 0; i < 200; ++i) {
    std::thread([&] { allocator.free(*allocator.alloc<int>(10)); }).join();
  }
  EXPECT_EQ(counted.used(), after_one);
}

TEST(GeneralPurposeAllocator, ServesManyInstancesInTurn) {
  GeneralPurposeAllocator<> general[8];
  std::span<int> items[8];
  for (int round = 0; round < 1000; ++round) {
    for (int i = 0; i < 8; ++i) {
      items[i] = *general[i].allocator().alloc<int>(10);
    }
    for (int i = 0; i < 8; ++i) {
      general[i].allocator().free(items[i]);
    }
  }
  for (auto& each : general) {
    EXPECT_EQ(each.deinit(), Deinit::ok);
  }
}

TEST(GeneralPurposeAllocator, ServesTheChildOfAForkInAThreadedProgram) {
  GeneralPurposeAllocator<> general;
  const Allocator allocator = general.allocator();
  std::atomic<bool> stop{false};
  std::thread busy([&] {
    while (!stop) {
      allocator.free(*allocator.alloc<int>(10));
    }
  });
  for (int i = 0; i < 50; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      for (int j = 0; j < 1000; ++j) {
        allocator.free(*allocator.alloc<int>(static_cast<std::size_t>(j) + 1));
      }
      ::_exit(0);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  stop = true;
  busy.join();
}

TEST(GeneralPurposeAllocator, KnowsItsOwn) {
  GeneralPurposeAllocator<> general;
  int other = 0;
  EXPECT_FALSE(general.owns_ptr(&other));
  const auto small = *general.allocator().alloc<int>(10);
  const auto large = *general.allocator().alloc<int>(50'000);
  EXPECT_TRUE(general.owns_ptr(small.data() + 5));
  EXPECT_TRUE(general.owns_ptr(large.data() + 5));
  EXPECT_FALSE(general.owns_ptr(&other));
  general.allocator().free(small);
  general.allocator().free(large);
}

}  // namespace
}  // namespace ar::test

// Tests include/arpent/fixed_buffer_allocator.hpp include/arpent/stack_fallback_allocator.hpp
// ar::FixedBufferAllocator, its thread-safe face, and ar::StackFallbackAllocator.
#include <gtest/gtest.h>

#include <algorithm>
#include <arpent/fixed_buffer_allocator.hpp>
#include <arpent/stack_fallback_allocator.hpp>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <thread>
#include <vector>

#include "support/checked_ledger.hpp"
#include "support/pattern.hpp"

namespace ar::test {
namespace {

// The rules are the same for both faces.
class FixedBuffer : public ::testing::TestWithParam<bool> {
 protected:
  alignas(64) std::array<std::byte, 1024> buffer_{};
  ar::FixedBufferAllocator fixed_{buffer_};
  ar::Allocator allocator_ = GetParam() ? fixed_.thread_safe_allocator() : fixed_.allocator();
};
INSTANTIATE_TEST_SUITE_P(Faces, FixedBuffer, ::testing::Bool(),
                         [](const auto& face) { return face.param ? "ThreadSafe" : "Plain"; });

TEST_P(FixedBuffer, GivesExactlyItsBytes) {
  EXPECT_EQ(fixed_.capacity(), 1024U);
  const auto first = allocator_.alloc<std::byte>(1000);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->data(), buffer_.data());
  EXPECT_EQ(allocator_.alloc<std::byte>(25).error(), ar::Error::out_of_memory);
  EXPECT_TRUE(allocator_.alloc<std::byte>(24));
  EXPECT_EQ(fixed_.used(), 1024U);
  EXPECT_FALSE(allocator_.alloc<std::byte>(1));
}

TEST_P(FixedBuffer, CountsWhatAlignmentLeavesFree) {
  (void)allocator_.alloc<char>(1);
  const auto aligned = allocator_.aligned_alloc<std::byte>(ar::Alignment{64}, 960);
  ASSERT_TRUE(aligned);
  EXPECT_EQ(aligned->data(), buffer_.data() + 64);
  EXPECT_EQ(fixed_.used(), 1024U);
  fixed_.reset();
  (void)allocator_.alloc<char>(1);
  EXPECT_FALSE(allocator_.aligned_alloc<std::byte>(ar::Alignment{64}, 961));
  EXPECT_EQ(fixed_.used(), 1U);
}

TEST_P(FixedBuffer, TakesBackTheLastBlockOnly) {
  const auto first = allocator_.alloc<std::byte>(100).value();
  const auto second = allocator_.alloc<std::byte>(100).value();
  EXPECT_FALSE(fixed_.is_last_allocation(first));
  EXPECT_TRUE(fixed_.is_last_allocation(second));
  allocator_.free(first);
  EXPECT_EQ(fixed_.used(), 200U);
  allocator_.free(second);
  EXPECT_EQ(fixed_.used(), 100U);
}

TEST_P(FixedBuffer, ResizesTheLastBlockInPlace) {
  const auto first = allocator_.alloc<std::byte>(100).value();
  EXPECT_TRUE(allocator_.resize(first, 1024));
  EXPECT_FALSE(allocator_.resize(std::span<std::byte>{buffer_}, 1025));
  const auto shrunk = allocator_.resize(std::span<std::byte>{buffer_}, 10);
  ASSERT_TRUE(shrunk);
  EXPECT_EQ(fixed_.used(), 10U);
  const auto second = allocator_.alloc<std::byte>(10).value();
  EXPECT_FALSE(allocator_.resize(*shrunk, 11));
  EXPECT_TRUE(allocator_.resize(*shrunk, 5));
  EXPECT_EQ(fixed_.used(), 20U);
  allocator_.free(second);
}

TEST_P(FixedBuffer, KnowsItsPointers) {
  const std::byte outside{};
  EXPECT_TRUE(fixed_.owns_ptr(buffer_.data()));
  EXPECT_TRUE(fixed_.owns_ptr(buffer_.data() + 1023));
  EXPECT_FALSE(fixed_.owns_ptr(buffer_.data() + 1024));
  EXPECT_FALSE(fixed_.owns_ptr(&outside));
}

TEST_P(FixedBuffer, RefusesWhatIsNotInIt) {
  std::array<int, 4> elsewhere{};
  EXPECT_DEATH(allocator_.free(std::span<int>{elsewhere}),
               "a block is freed or resized here that is not in the buffer");
  EXPECT_DEATH((void)allocator_.resize(std::span<int>{elsewhere}, 2), "not in the buffer");
}

TEST_P(FixedBuffer, ResetEndsAll) {
  (void)allocator_.alloc<std::byte>(1024);
  fixed_.reset();
  EXPECT_EQ(fixed_.used(), 0U);
  EXPECT_TRUE(allocator_.alloc<std::byte>(1024));
}

TEST(FixedBufferEmpty, GivesNothing) {
  ar::FixedBufferAllocator none{std::span<std::byte>{}};
  EXPECT_FALSE(none.allocator().alloc<char>(1));
  EXPECT_TRUE(none.allocator().alloc<char>(0));
  EXPECT_FALSE(none.thread_safe_allocator().alloc<char>(1));
}

// Each thread fills what it gets, and frees and resizes some: no byte is ever given to two at once, and none
// is lost.
TEST(FixedBufferThreads, ShareTheBuffer) {
  constexpr std::size_t threads = 4;
  constexpr std::size_t size = std::size_t{1} << 20U;
  std::vector<std::byte> buffer(size);
  ar::FixedBufferAllocator fixed{buffer};
  const ar::Allocator allocator = fixed.thread_safe_allocator();
  std::atomic<std::size_t> wrong = 0;
  std::atomic<std::size_t> kept_bytes = 0;
  {
    std::vector<std::jthread> running;
    for (std::size_t thread = 0; thread < threads; ++thread) {
      running.emplace_back([&, thread] {
        std::vector<std::span<std::byte>> kept;
        for (std::size_t i = 0;; ++i) {
          const auto block = allocator.alloc<std::byte>(1 + i * (thread + 3) % 97);
          if (!block) {
            break;
          }
          std::span<std::byte> bytes = *block;
          if (const auto grown = allocator.resize(bytes, bytes.size() + 8)) {
            bytes = *grown;
          }
          fill(bytes.data(), bytes.size(), thread * 1'000'003 + kept.size());
          if (i % 3 == 0) {
            wrong += damage(bytes.data(), bytes.size(), thread * 1'000'003 + kept.size());
            allocator.free(bytes);
          } else {
            kept.push_back(bytes);
          }
        }
        for (std::size_t i = 0; i < kept.size(); ++i) {
          wrong += damage(kept[i].data(), kept[i].size(), thread * 1'000'003 + i);
          kept_bytes += kept[i].size();
        }
      });
    }
  }
  EXPECT_EQ(wrong, 0U);
  EXPECT_LE(kept_bytes, size);
  EXPECT_GE(fixed.used(), size - 97);
}

class StackFallback : public ::testing::Test {
 protected:
  CheckedLedger ledger_;
  ar::StackFallbackAllocator<256> stack_{ledger_.allocator()};
  ar::Allocator allocator_ = stack_.allocator();
};

TEST_F(StackFallback, AsksTheFallbackForWhatDoesNotFit) {
  const auto inside = allocator_.alloc<std::byte>(200).value();
  EXPECT_EQ(ledger_.now(), 0U);
  EXPECT_TRUE(stack_.owns_ptr(inside.data()));
  const auto outside = allocator_.alloc<std::byte>(200).value();
  EXPECT_EQ(ledger_.now(), 1U);
  EXPECT_FALSE(stack_.owns_ptr(outside.data()));
  allocator_.free(outside);
  allocator_.free(inside);
  EXPECT_TRUE(stack_.owns_ptr(allocator_.alloc<std::byte>(256)->data()));
}

TEST_F(StackFallback, MovesOutWhatGrowsTooLarge) {
  auto items = allocator_.alloc<std::byte>(100).value();
  fill(items.data(), 100, 3);
  items = allocator_.realloc(items, 250).value();
  EXPECT_TRUE(stack_.owns_ptr(items.data()));
  items = allocator_.realloc(items, 1000).value();
  EXPECT_FALSE(stack_.owns_ptr(items.data()));
  EXPECT_EQ(damage(items.data(), 100, 3), 0U);
  items = allocator_.realloc(items, 50).value();  // and does not come back
  EXPECT_FALSE(stack_.owns_ptr(items.data()));
  allocator_.free(items);
}

TEST(StackFallbackAlone, HasNoMoreThanItsBytes) {
  ar::StackFallbackAllocator<256> stack{ar::null_allocator};
  EXPECT_FALSE(stack.allocator().alloc<std::byte>(257));
  EXPECT_TRUE(stack.allocator().alloc<std::byte>(256));
}

}  // namespace
}  // namespace ar::test

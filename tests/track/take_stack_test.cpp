// Tests src/track/sites/take_stack.cpp
// The stacks of allocations as nodes: each as unwinding it anew says, however the last one looked.
#include "track/sites/take_stack.hpp"

#include <alloca.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "heap/allocate.hpp"
#include "heap/thread_heap.hpp"
#include "heap/thread_state.hpp"
#include "support/random.hpp"
#include "track/record.hpp"
#include "track/region/mode.hpp"
#include "track/sites/origins.hpp"
#include "track/threads/recorders.hpp"
#include "track/tracker.hpp"

namespace {

constexpr std::uint32_t stack_depth = 60;

void start_with_stacks() noexcept { ar::track::start(ar::track::Mode::stacks, stack_depth, {}); }

}  // namespace

namespace ar::heap {
[[gnu::weak]] extern constinit const Hooks hooks = {start_with_stacks, track::detach_recorder};
}  // namespace ar::heap

namespace ar::track {
namespace {

// Where the abi layer is linked too, it is the environment that says how to begin.
[[gnu::constructor]] void begin_in_stacks_mode(int /*count*/, char** arguments) {
  (void)heap::allocate(16);
  if (mode() == Mode::stacks || getenv("ARPENT_MODE") != nullptr) {
    return;
  }
  setenv("ARPENT_MODE", "stacks", 1);
  setenv("ARPENT_STACK_DEPTH", std::to_string(stack_depth).c_str(), 1);
  execv("/proc/self/exe", arguments);
}

// Compilers must not turn calls into jumps, nor join functions.
#define KEPT [[gnu::noinline, gnu::used]]
void after_call() { asm volatile("" ::: "memory"); }

using Addresses = std::vector<std::uintptr_t>;

struct Taken {
  NodeIndex stack = 0;
  OriginIndex origin = 0;
  bool is_right = false;
};

Addresses addresses_of(NodeIndex stack) {
  Addresses addresses;
  for (const StackNodeRecord* node = stack_node(stack); node != nullptr; node = stack_node(node->caller)) {
    addresses.push_back(node->address);
  }
  return addresses;
}

// Allocates nothing: it is asked in signal handlers.
bool holds(NodeIndex stack, std::span<const std::uintptr_t> addresses) {
  const StackNodeRecord* node = stack_node(stack);
  for (const std::uintptr_t address : addresses) {
    if (node == nullptr || node->address != address) {
      return false;
    }
    node = stack_node(node->caller);
  }
  return node == nullptr;
}

// As a malloc would. The address that it returns to is the stack's innermost.
KEPT Taken take(Family family = Family::malloc_family) {
  std::uintptr_t expected[stack_depth];
  const std::size_t count = unwind::capture(expected, stack_depth);
  const heap::Allocated made = heap::allocate(24);
  record_allocation(made.page, made.block, 24, reinterpret_cast<std::uintptr_t>(__builtin_return_address(0)),
                    family);
  const std::size_t index = made.page->index_of(reinterpret_cast<std::uintptr_t>(made.block));
  Taken taken;
  taken.origin = slot_origin(made.page->slots[index]);
  taken.stack = origin(taken.origin)->stack;
  taken.is_right = holds(taken.stack, {expected, count});
  return taken;
}

test::Random wandering(11);
std::size_t wrong = 0;
std::size_t taken_in_all = 0;

KEPT void take_and_count() {
  wrong += take().is_right ? 0 : 1;
  ++taken_in_all;
  after_call();
}

template <int Number>
KEPT void wander(int depth) {
  auto* const bytes =
      static_cast<volatile char*>(Number % 2 == 0 ? nullptr : alloca(8 + wandering.below(90)));
  if (bytes != nullptr) {
    bytes[0] = 1;
  }
  for (std::size_t times = 1 + wandering.below(3); times > 0; --times) {
    take_and_count();
    if (depth > 0) {
      constexpr void (*others[])(int) = {&wander<(Number + 1) % 6>, &wander<(Number + 2) % 6>};
      others[wandering.below(2)](depth - 1);
    }
  }
  after_call();
}

KEPT void recurse(int times, void (*function)()) {
  if (times == 0) {
    function();
  } else {
    recurse(times - 1, function);
  }
  after_call();
}

TEST(TakeStack, IsWhatUnwindingSaysHoweverTheLastOneLooked) {
  for (int times = 0; times < 32; ++times) {
    const int round = times % 8;
    wander<0>(round);
    recurse(round * 8, [] { wander<1>(3); });   // now and then deeper than what is kept
    recurse(round * 30, [] { wander<3>(2); });  // and than what is remembered
  }
  EXPECT_EQ(wrong, 0U) << "of " << taken_in_all;
  EXPECT_GT(taken_in_all, 2000U);
}

KEPT Taken take_here() {
  const Taken taken = take();
  after_call();
  return taken;
}
KEPT Taken take_there() {
  const Taken taken = take_here();
  after_call();
  return taken;
}

TEST(TakeStack, IsOneForTheSameCallsOnly) {
  std::set<NodeIndex> stacks;
  std::set<OriginIndex> origins;
  for (int i = 0; i < 100; ++i) {
    const Taken taken = i % 2 == 0 ? take_here() : take_there();
    EXPECT_TRUE(taken.is_right);
    stacks.insert(taken.stack);
    origins.insert(taken.origin);
  }
  EXPECT_EQ(stacks.size(), 2U);
  EXPECT_EQ(origins.size(), 2U);
}

TEST(TakeStack, HasAnOriginForEachFamily) {
  Taken taken[4];
  for (int i = 0; i < 4; ++i) {
    asm volatile("" : "+r"(i));  // unrolled, these would be four calls
    taken[i] = take(i % 2 == 0 ? Family::malloc_family : Family::new_object);
  }
  EXPECT_EQ(taken[0].stack, taken[3].stack);
  EXPECT_EQ(taken[0].origin, taken[2].origin);
  EXPECT_EQ(taken[1].origin, taken[3].origin);
  EXPECT_NE(taken[0].origin, taken[1].origin);
}

TEST(TakeStack, KeepsTheInnermostFramesOfADeepStack) {
  static Taken taken;
  recurse(300, [] { taken = take_here(); });
  EXPECT_TRUE(taken.is_right);
  EXPECT_EQ(addresses_of(taken.stack).size(), stack_depth);
}

TEST(TakeStack, IsRightInASignalHandlerAndAfterIt) {
  static Taken in_handler;
  struct sigaction action{};
  action.sa_handler = [](int) { in_handler = take_here(); };
  ASSERT_EQ(sigaction(SIGUSR1, &action, nullptr), 0);
  for (int i = 0; i < 3; ++i) {
    raise(SIGUSR1);
    EXPECT_TRUE(in_handler.is_right);
    EXPECT_TRUE(take_there().is_right);
  }
}

TEST(TakeStack, IsTheSameNodeInAllThreads) {
  NodeIndex stacks[4] = {};
  std::vector<std::thread> threads;
  for (NodeIndex& stack : stacks) {
    threads.emplace_back([&stack] {
      for (int i = 0; i < 1000; ++i) {
        const Taken taken = take_there();
        stack = taken.is_right && (stack == 0 || stack == taken.stack) ? taken.stack : 0;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_NE(stacks[0], 0U);
  for (const NodeIndex stack : stacks) {
    EXPECT_EQ(stack, stacks[0]);
  }
}

// What the caller is said to be may not be on the stack: then it is all that is known.
TEST(TakeStack, IsOneFrameWhereTheCallerIsNotOnTheStack) {
  constexpr std::uintptr_t nowhere = 0x1234;
  const heap::Allocated made = heap::allocate(24);
  record_allocation(made.page, made.block, 24, nowhere, Family::malloc_family);
  const std::size_t index = made.page->index_of(reinterpret_cast<std::uintptr_t>(made.block));
  EXPECT_EQ(addresses_of(origin(slot_origin(made.page->slots[index]))->stack), Addresses{nowhere});
}

}  // namespace
}  // namespace ar::track

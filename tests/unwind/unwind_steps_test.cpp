// Tests src/unwind/
// Stacks taken after every instruction: in prologues and epilogues, in the linker's stubs, in the loader.
#include <alloca.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <ctime>

#include "support/stacks.hpp"
#include "support/stepping.hpp"

namespace {

using ar::test::Stacks;

Stacks stacks;

void after_call() { asm volatile("" ::: "memory"); }

[[gnu::noinline, gnu::used]] void recurse(int depth) {
  if (depth > 0) {
    recurse(depth - 1);
  }
  after_call();
}

// Every instruction of some code, one by one: prologues, epilogues, the linker's stubs, the loader.
struct Stepping {
  std::size_t steps = 0;
  std::size_t disagreements = 0;
  Stacks first_disagreement;
};
Stepping stepping;

void on_step(int, siginfo_t*, void*) {
  stacks.take();
  ++stepping.steps;
  if (!stacks.agree() && stepping.disagreements++ == 0) {
    stepping.first_disagreement = stacks;
  }
}

// Uses the memory of stacks that the handler, which interrupts it anywhere, would use too.
[[gnu::noinline, gnu::used]] bool capture_with_memory() {
  std::uintptr_t plain[32];
  std::uintptr_t recollected[32];
  const std::size_t count = ar::unwind::capture(plain, 32);
  const std::size_t count_again = ar::unwind::capture(recollected, 32, ar::test::stack_memory);
  after_call();
  return count == count_again && std::equal(plain, plain + count, recollected);
}

template <typename Function>
void step_through(Function function) {
  struct sigaction action{};
  action.sa_sigaction = &on_step;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGTRAP, &action, nullptr);
  stacks.take();  // once outside of a handler: libgcc may allocate the first time
  stepping.steps = stepping.disagreements = 0;
  ar_test_begin_stepping();
  function();
  ar_test_end_stepping();
  std::signal(SIGTRAP, SIG_DFL);
  if (stepping.disagreements != 0) {
    EXPECT_EQ(stepping.first_disagreement.ours, stepping.first_disagreement.libgcc);
    EXPECT_EQ(stepping.first_disagreement.recollected, stepping.first_disagreement.libgcc);
    EXPECT_EQ(stepping.first_disagreement.carefully, stepping.first_disagreement.libgcc);
  }
  EXPECT_EQ(stepping.disagreements, 0U) << "of " << stepping.steps;
}

[[gnu::noinline, gnu::used]] int realigned_quietly(int first, std::size_t size) {
  alignas(64) volatile char vector[64];
  auto* const bytes = static_cast<volatile char*>(alloca(size));
  vector[0] = static_cast<char>(first);
  bytes[0] = vector[0];
  after_call();
  return bytes[0] + vector[0];
}

[[gnu::noinline, gnu::used]] long many_registers(const long* numbers, long count) {
  long sum[6] = {};
  for (long i = 0; i < count; ++i) {
    for (long& of : sum) {
      of = of * 3 + numbers[i] + std::labs(of);
    }
  }
  return sum[0] ^ sum[1] ^ sum[2] ^ sum[3] ^ sum[4] ^ sum[5];
}

int compare_quietly(const void* left, const void* right) {
  return *static_cast<const int*>(left) - *static_cast<const int*>(right);
}

TEST(UnwindSteps, IsRightAtEveryInstruction) {
  step_through([] {
    recurse(3);
    const long numbers[] = {1, 2, 3};
    many_registers(numbers, 3);
    realigned_quietly(3, 40);
    int order[] = {5, 3, 4, 1};
    std::qsort(order, 4, sizeof order[0], &compare_quietly);
    EXPECT_TRUE(capture_with_memory());
    EXPECT_TRUE(capture_with_memory());
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    // No exception: where libgcc is about to land one, its own frame is in pieces, and it falls over them
    // itself.
  });
  EXPECT_GT(stepping.steps, 1000U);
}

}  // namespace

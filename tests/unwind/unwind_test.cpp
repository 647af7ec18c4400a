// Tests src/unwind/unwind.cpp
#include "unwind/unwind.hpp"

#include <alloca.h>
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <memory>
#include <thread>

#include "support/random.hpp"
#include "support/stacks.hpp"
#include "unwind/row_cache.hpp"

namespace {

using ar::test::Stack;
using ar::test::Stacks;

Stacks stacks;  // what was taken last; too large for the small stacks here

// Compilers must not turn calls into jumps, nor join functions.
#define KEPT [[gnu::noinline, gnu::used]]
void after_call() { asm volatile("" ::: "memory"); }

KEPT void take() {
  stacks.take();
  after_call();
}

void expect_agreement(std::size_t at_least) {
  EXPECT_EQ(stacks.ours, stacks.libgcc);
  EXPECT_EQ(stacks.recollected, stacks.libgcc);
  EXPECT_EQ(stacks.carefully, stacks.libgcc);
  EXPECT_GE(stacks.ours.count, at_least);
}

KEPT void recurse(int depth, void (*last)()) {
  if (depth == 0) {
    last();
  } else {
    recurse(depth - 1, last);
  }
  after_call();
}

TEST(Unwind, FollowsPlainRecursion) {
  recurse(20, &take);
  expect_agreement(23);
}

TEST(Unwind, BeginsWhereTheFunctionReturnsTo) {
  std::uintptr_t frames[1] = {};
  // The address after the call, which the lambda returns to.
  std::uintptr_t expected = 0;
  const auto inner = [&]() __attribute__((noinline)) {
    expected = reinterpret_cast<std::uintptr_t>(__builtin_return_address(0));
    const std::size_t count = ar::unwind::capture(frames, 1);
    after_call();
    return count;
  };
  EXPECT_EQ(inner(), 1U);
  EXPECT_EQ(frames[0], expected);
}

TEST(Unwind, StopsAtAsManyAsAreWanted) {
  static std::uintptr_t frames[8];
  static std::size_t count = 0;
  constexpr std::uintptr_t untouched = 0x5eed;
  frames[7] = untouched;
  recurse(5000, [] {
    take();
    count = ar::unwind::capture(frames, 7);
    after_call();
  });
  EXPECT_EQ(count, 7U);
  EXPECT_EQ(frames[7], untouched);
  EXPECT_EQ(stacks.ours.count, ar::test::most_frames);
  expect_agreement(ar::test::most_frames);
  EXPECT_EQ(ar::unwind::capture(frames, 0), 0U);
}

// Functions that call each other at random, to several depths, some with frame pointers: what is remembered
// is now all of a stack, now a part, now nothing.
ar::test::Random wandering(7);
std::size_t wanted_frames = ar::test::most_frames;
std::size_t wrong_stacks = 0;
std::size_t taken_stacks = 0;

KEPT void compare_with_stack_cache() {
  static Stack plain;
  static Stack recollected;
  static ar::unwind::StackMemory memory;
  plain.count = ar::unwind::capture(plain.frames, wanted_frames);
  recollected.count = ar::unwind::capture(recollected.frames, wanted_frames, memory);
  ++taken_stacks;
  wrong_stacks += plain == recollected ? 0 : 1;
}

template <int Number>
KEPT void wander(int depth) {
  auto* const bytes =
      static_cast<volatile char*>(Number % 2 == 0 ? nullptr : alloca(8 + wandering.below(90)));
  if (bytes != nullptr) {
    bytes[0] = 1;
  }
  for (std::size_t times = 1 + wandering.below(3); times > 0; --times) {
    compare_with_stack_cache();
    if (depth > 0) {
      constexpr void (*others[])(int) = {&wander<(Number + 1) % 6>, &wander<(Number + 2) % 6>};
      others[wandering.below(2)](depth - static_cast<int>(wandering.below(2)) - (Number == 5 ? 1 : 0));
    }
  }
  after_call();
}

TEST(Unwind, IsTheSameWithTheMemoryOfTheLastStack) {
  for (const std::size_t wanted : {ar::test::most_frames, std::size_t{30}, std::size_t{5}, std::size_t{1}}) {
    wanted_frames = wanted;
    for (int depth = 1; depth < 8; ++depth) {
      wander<0>(depth);
      recurse(depth * 30, [] { wander<1>(3); });  // also more than is remembered
    }
  }
  EXPECT_EQ(wrong_stacks, 0U) << "of " << taken_stacks;
  EXPECT_GT(taken_stacks, 1000U);
}

TEST(Unwind, LeavesErrnoAlone) {
  errno = 4711;
  take();
  EXPECT_EQ(errno, 4711);
}

KEPT int in_frame_of_variable_size(std::size_t size, void (*function)()) {
  auto* const bytes = static_cast<volatile char*>(alloca(size));
  bytes[0] = 1;
  function();
  return bytes[0];
}

TEST(Unwind, LeavesFramesOfVariableSize) {
  in_frame_of_variable_size(100, &take);
  expect_agreement(5);
  in_frame_of_variable_size(30000, &take);
  expect_agreement(5);
}

[[gnu::noinline, gnu::force_align_arg_pointer]] void with_aligned_arguments() {
  recurse(1, &take);
  after_call();
}

KEPT int realigned(int first, std::size_t size, long a, long b, long c, long d, long on_stack) {
  alignas(64) volatile char vector[64];
  auto* const bytes = static_cast<volatile char*>(alloca(size));
  vector[0] = static_cast<char>(first + a + b + c + d + on_stack);
  bytes[0] = vector[0];
  recurse(1, &take);
  return bytes[0] + vector[0];
}

KEPT int aligned_local() {
  alignas(128) volatile char vector[128];
  vector[0] = 7;
  recurse(1, &take);
  return vector[0];
}

TEST(Unwind, LeavesRealignedStacks) {
  with_aligned_arguments();
  expect_agreement(5);
  aligned_local();
  expect_agreement(5);
  realigned(1, 50, 2, 3, 4, 5, 6);
  expect_agreement(5);
  recurse(3, [] { realigned(1, 50, 2, 3, 4, 5, 6); });
  expect_agreement(8);
  in_frame_of_variable_size(100, [] { realigned(1, 50, 2, 3, 4, 5, 6); });
  expect_agreement(8);
}

[[noreturn, gnu::noinline]] void throws_instead_of_returning() {
  take();
  throw 1;
}
// Its last instruction is the call: the return address lies in whatever comes next.
[[noreturn, gnu::noinline]] void ends_with_a_call() { throws_instead_of_returning(); }

TEST(Unwind, LeavesFunctionsThatEndWithACall) {
  try {
    ends_with_a_call();
  } catch (int) {
    expect_agreement(5);
  }
}

struct TakesWhenDestroyed {
  ~TakesWhenDestroyed() { take(); }
};

KEPT void throws_through() {
  const TakesWhenDestroyed takes;
  throws_instead_of_returning();
}

TEST(Unwind, WorksWhileAnExceptionIsInFlight) {
  try {
    throws_through();
  } catch (int) {
    expect_agreement(4);  // taken in the destructor
    take();
  }
  expect_agreement(4);
}

int compare_and_take(const void*, const void*) {
  take();
  return 0;
}

TEST(Unwind, PassesThroughTheCLibrary) {
  int numbers[2] = {2, 1};
  std::qsort(numbers, 2, sizeof numbers[0], &compare_and_take);
  expect_agreement(6);
}

TEST(Unwind, EndsAtAThreadsStart) {
  std::thread([] { recurse(3, &take); }).join();
  expect_agreement(6);
}

TEST(Unwind, EndsAtTheStartOfAThreadOnAStackOfItsUser) {
  constexpr std::size_t size = 1U << 20U;
  void* const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  ASSERT_EQ(pthread_attr_setstack(&attributes, memory, size), 0);
  pthread_t thread{};
  const auto run = [](void*) -> void* {
    recurse(3, &take);
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, run, nullptr), 0);
  pthread_join(thread, nullptr);
  expect_agreement(6);
  munmap(memory, size);
}

ucontext_t coroutine;
ucontext_t coroutines_caller;

TEST(Unwind, EndsAtACoroutinesStart) {
  constexpr std::size_t size = 256U << 10U;
  const auto memory = std::make_unique<char[]>(size);
  getcontext(&coroutine);
  coroutine.uc_stack.ss_sp = memory.get();
  coroutine.uc_stack.ss_size = size;
  coroutine.uc_link = &coroutines_caller;
  makecontext(&coroutine, [] { recurse(200, [] { recurse(200, &take); }); }, 0);
  swapcontext(&coroutines_caller, &coroutine);
  expect_agreement(400);
}

void on_signal(int) { take(); }

void install(int flags) {
  struct sigaction action{};
  action.sa_handler = &on_signal;
  action.sa_flags = flags;
  sigaction(SIGUSR1, &action, nullptr);
}

TEST(Unwind, GoesThroughSignalHandlers) {
  install(0);
  recurse(3, [] { raise(SIGUSR1); });
  expect_agreement(10);
}

TEST(Unwind, GoesThroughSignalHandlersOnAStackOfTheirOwn) {
  constexpr std::size_t size = 1U << 20U;
  const auto memory = std::make_unique<char[]>(size);
  const stack_t alternate = {.ss_sp = memory.get(), .ss_flags = 0, .ss_size = size};
  stack_t before{};
  sigaltstack(&alternate, &before);
  install(SA_ONSTACK);
  recurse(3, [] { raise(SIGUSR1); });
  expect_agreement(10);
  std::thread([&] {
    const auto own_memory = std::make_unique<char[]>(size);
    const stack_t own = {.ss_sp = own_memory.get(), .ss_flags = 0, .ss_size = size};
    stack_t none{};
    sigaltstack(&own, &none);
    recurse(3, [] { raise(SIGUSR1); });  // the thread's first stack
    sigaltstack(&none, nullptr);
  }).join();
  expect_agreement(10);
  sigaltstack(&before, nullptr);
}

#ifdef __x86_64__

// Hand-written code, with and without call-frame information.
extern "C" {
void described(void (*function)());
void described_by_r12(void (*function)());
void described_by_expression(void (*function)());
void undescribed(void (*function)());
void described_wrongly(void (*function)());
void described_beyond_memory(void (*function)());
void described_without_end(void (*function)());
extern const char after_undescribed[], after_described_wrongly[];
}
asm(R"(
.text
described:
  .cfi_startproc
  pushq %rbx
  .cfi_adjust_cfa_offset 8
  .cfi_offset rbx, -16
  pushq %rbp
  .cfi_adjust_cfa_offset 8
  .cfi_offset rbp, -24
  subq $1000, %rsp
  .cfi_adjust_cfa_offset 1000
  xorl %ebp, %ebp
  xorl %ebx, %ebx
  call *%rdi
  addq $1000, %rsp
  .cfi_adjust_cfa_offset -1000
  popq %rbp
  .cfi_adjust_cfa_offset -8
  .cfi_restore rbp
  popq %rbx
  .cfi_adjust_cfa_offset -8
  .cfi_restore rbx
  ret
  .cfi_endproc

described_by_r12:
  .cfi_startproc
  pushq %r12
  .cfi_adjust_cfa_offset 8
  .cfi_offset r12, -16
  movq %rsp, %r12
  .cfi_def_cfa_register r12
  subq $64, %rsp
  andq $-64, %rsp
  call *%rdi
  movq %r12, %rsp
  .cfi_def_cfa_register rsp
  popq %r12
  .cfi_adjust_cfa_offset -8
  .cfi_restore r12
  ret
  .cfi_endproc

described_by_expression:
  .cfi_startproc
  leaq 8(%rsp), %rax
  subq $40, %rsp
  .cfi_adjust_cfa_offset 40
  movq %rax, 16(%rsp)
  # CFA = (*(rsp + 16) twice or-ed) by way of several operations
  .cfi_escape 0x0f, 10, 0x77, 16, 0x06, 0x12, 0x21, 0x31, 0x22, 0x31, 0x1c, 0x96
  call *%rdi
  addq $40, %rsp
  .cfi_def_cfa rsp, 8
  ret
  .cfi_endproc

undescribed:
  subq $24, %rsp
  call *%rdi
after_undescribed:
  addq $24, %rsp
  ret
  .fill 16, 1, 0x90

described_wrongly:
  .cfi_startproc
  subq $24, %rsp
  .cfi_def_cfa rsp, -64
  call *%rdi
after_described_wrongly:
  addq $24, %rsp
  .cfi_def_cfa rsp, 8
  ret
  .cfi_endproc

described_beyond_memory:
  .cfi_startproc
  subq $24, %rsp
  # CFA = *(0x600d0000000000); rsp + 1 << 50
  .cfi_escape 0x0f, 10, 0x0e, 0, 0, 0, 0, 0, 0xd0, 0x60, 0, 0x06
  call *%rdi
  addq $24, %rsp
  .cfi_def_cfa rsp, 8
  ret
  .cfi_endproc

described_without_end:
  .cfi_startproc
  subq $24, %rsp
  # An expression that jumps back for ever.
  .cfi_escape 0x0f, 5, 0x77, 0, 0x2f, 0xfd, 0xff
  call *%rdi
  addq $24, %rsp
  .cfi_def_cfa rsp, 8
  ret
  .cfi_endproc
)");

TEST(Unwind, LeavesAssemblyThatDescribesItself) {
  described(&take);
  expect_agreement(5);
  described_by_r12(&take);
  expect_agreement(5);
  described_by_expression(&take);
  expect_agreement(5);
  recurse(2, [] { described([] { described_by_r12([] { recurse(2, [] { described(&take); }); }); }); });
  expect_agreement(12);
}

TEST(Unwind, StopsWhereNothingIsDescribed) {
  undescribed(&take);
  expect_agreement(1);
  ASSERT_EQ(stacks.ours.count, 1U);
  EXPECT_EQ(stacks.ours.frames[0], reinterpret_cast<std::uintptr_t>(after_undescribed));
}

// Only ours: libgcc trusts what it is told.
KEPT void take_ours() {
  const ar::unwind::Context context = ar::unwind::context_here();
  stacks.ours.count = ar::unwind::capture_from(context, stacks.ours.frames, ar::test::most_frames);
  stacks.carefully.count = ar::unwind::walk_with_all_registers(
      ar::test::registers_of(context), stacks.carefully.frames, ar::test::most_frames);
}

TEST(Unwind, DoesNotFaultWhereFramesAreDescribedWrongly) {
  described_beyond_memory(&take_ours);
  EXPECT_EQ(stacks.ours.count, 1U);
  EXPECT_EQ(stacks.carefully.count, 1U);
  described_without_end(&take_ours);
  EXPECT_EQ(stacks.ours.count, 1U);
  EXPECT_EQ(stacks.carefully.count, 1U);
  described_wrongly(&take_ours);
  EXPECT_GE(stacks.ours.count, 1U);
  EXPECT_EQ(stacks.ours.frames[0], reinterpret_cast<std::uintptr_t>(after_described_wrongly));
}

TEST(Unwind, StopsInGeneratedCode) {
  // sub $24, %rsp; call *%rdi; add $24, %rsp; ret
  constexpr unsigned char code[] = {0x48, 0x83, 0xec, 0x18, 0xff, 0xd7, 0x48, 0x83, 0xc4, 0x18, 0xc3};
  void* const memory = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  // Not at the page's start: a sanitizer looks at what comes before a function.
  auto* const function = static_cast<char*>(memory) + 64;
  std::memcpy(function, code, sizeof code);
  ASSERT_EQ(mprotect(memory, 4096, PROT_READ | PROT_EXEC), 0);
  reinterpret_cast<void (*)(void (*)())>(function)(&take);
  ASSERT_EQ(stacks.ours.count, 1U);
  EXPECT_EQ(stacks.ours.frames[0], reinterpret_cast<std::uintptr_t>(function) + 6);
  EXPECT_EQ(stacks.ours, stacks.carefully);
  munmap(memory, 4096);
}

// Two pairs of addresses: those of each share a place of the cache, and each shares its place among the
// displaced rows with one of the other pair.
TEST(Unwind, KeepsRowsApartThatShareAPlace) {
  void* const of_library = dlsym(dlopen("libc.so.6", RTLD_LAZY), "qsort");
  constexpr std::uintptr_t high_bit = std::uintptr_t{1} << ar::unwind::row_cache_bits;
  constexpr std::uintptr_t code_size = 0x80000;  // from there on, at least
  const std::uintptr_t start = (reinterpret_cast<std::uintptr_t>(of_library) | (2 * high_bit - 1)) + 1;
  ar::test::Random random(1);
  for (int round = 0; round < 300; ++round) {
    const std::uintptr_t key = start + random.below(code_size);
    const std::uintptr_t keys[] = {key, key ^ high_bit, key ^ high_bit ^ 1, key ^ 1};
    std::uint32_t first[std::size(keys)];
    for (std::size_t i = 0; i < std::size(keys); ++i) {
      ar::unwind::forget_unloaded_code();
      first[i] = ar::unwind::row_before(keys[i]).bits();
    }
    for (int again = 0; again < 3; ++again) {
      for (std::size_t i = 0; i < std::size(keys); ++i) {
        ASSERT_EQ(ar::unwind::row_before(keys[i]).bits(), first[i]) << "in round " << round;
      }
    }
  }
}

// Any instruction of the C library, with anything in the registers and in the words at `garbage`, which serve
// as the stack. Gives how many frames were found.
constexpr std::size_t garbage_words = 8192;

std::size_t walk_garbage(std::uintptr_t* garbage, bool compare) {
  // By its handle: the sanitizers put functions of their own in the way of many names.
  void* const of_library = dlsym(dlopen("libc.so.6", RTLD_LAZY), "qsort");
  Dl_info library{};
  EXPECT_NE(dladdr(of_library, &library), 0);
  const auto start = reinterpret_cast<std::uintptr_t>(library.dli_fbase);
  const std::uintptr_t own = reinterpret_cast<std::uintptr_t>(&take) & ~std::uintptr_t{4095};
  const auto here = reinterpret_cast<std::uintptr_t>(garbage);
  constexpr std::size_t code_size = 0x1d0000;
  ar::test::Random random(1);
  const auto anything = [&]() -> std::uintptr_t {
    switch (random.below(8)) {
      case 0:
        return random.next();
      case 1:
        return random.below(4096);
      case 2:
        return 0 - random.below(4096);
      case 3:
        return own + random.below(4096);
      case 4:
      case 5:
        return start + random.below(code_size);
      default:
        return here + 8 * random.below(garbage_words + 32);
    }
  };
  std::size_t total = 0;
  ar::unwind::StackMemory memory;
  ar::unwind::Context context{};
  for (int round = 0; round < 60000; ++round) {
    // Sometimes all is new, mostly little is: what is remembered must be found wrong by any single word.
    if (round % 64 == 0) {
      std::generate_n(garbage, garbage_words, anything);
      context = {.instruction = start + random.below(code_size),
                 .stack_pointer = here + 8 * random.below(garbage_words),
                 .frame_pointer = anything(),
                 .rbx = anything(),
                 .r12 = anything(),
                 .r13 = anything(),
                 .r14 = anything(),
                 .r15 = anything()};
    } else if (random.below(4) == 0) {
      context.instruction = start + random.below(code_size);
    } else if (random.below(4) == 0) {
      context.frame_pointer = anything();
    } else {
      garbage[std::min((context.stack_pointer - here) / 8 + random.below(24), garbage_words - 1)] =
          anything();
    }
    constexpr std::size_t most = 64;
    std::uintptr_t frames[most];
    std::uintptr_t recollected[most];
    const std::size_t count = ar::unwind::capture_from(context, frames, most);
    const std::size_t count_again = ar::unwind::capture_from(context, recollected, most, memory);
    if (compare && (count != count_again || !std::equal(frames, frames + count, recollected))) {
      ADD_FAILURE() << "in round " << round;
      break;
    }
    total += count;
    total += ar::unwind::walk_with_all_registers(ar::test::registers_of(context), frames, most);
  }
  ar::unwind::forget_unloaded_code();
  return total;
}

// Nothing can be read nearby, as far as any frame is long: a sanitizer's own memory would change between two
// walks.
TEST(Unwind, NeverFaultsOnGarbage) {
  constexpr std::size_t size = garbage_words * sizeof(std::uintptr_t);
  constexpr std::size_t apart = std::size_t{64} << 20;
  void* const reserved =
      mmap(nullptr, apart + size + apart, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ASSERT_NE(reserved, MAP_FAILED);
  void* const memory = static_cast<char*>(reserved) + apart;
  ASSERT_EQ(mprotect(memory, size, PROT_READ | PROT_WRITE), 0);
  EXPECT_GT(walk_garbage(static_cast<std::uintptr_t*>(memory), true), 10000U);
  munmap(reserved, apart + size + apart);
}

// What lies further up changes from one call to the next, so that there is nothing to compare.
TEST(Unwind, NeverFaultsOnGarbageOnTheThreadsOwnStack) {
  std::thread([] {
    std::uintptr_t garbage[garbage_words];
    EXPECT_GT(walk_garbage(garbage, false), 10000U);
  }).join();
}

#endif  // __x86_64__

}  // namespace

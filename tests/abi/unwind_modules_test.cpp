// Tests src/abi/dlclose.cpp src/unwind/
// Stacks through modules that come and go.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "support/stacks.hpp"
#include "support/stepping.hpp"

namespace {

using ar::test::Stacks;

Stacks stacks;

[[gnu::noinline]] void take() {
  stacks.take();
  asm volatile("" ::: "memory");
}

std::string module_path(const char* name) {
  char self[4096];
  const ssize_t size = readlink("/proc/self/exe", self, sizeof self);
  const std::string path(self, size > 0 ? static_cast<std::size_t>(size) : 0);
  return path.substr(0, path.rfind('/')) + "/programs/" + name + ".so";
}

using CallBack = void (*)(void (*)());

CallBack open(const char* name, void*& library) {
  library = dlopen(module_path(name).c_str(), RTLD_NOW);
  return library == nullptr ? nullptr : reinterpret_cast<CallBack>(dlsym(library, "call_back"));
}

TEST(UnwindModules, CodeThatTakesAnothersPlaceIsLeftByItsOwnRules) {
  void* library = nullptr;
  const CallBack small = open("unwind_small_frame", library);
  ASSERT_NE(small, nullptr) << dlerror();
  small(&take);
  EXPECT_EQ(stacks.ours, stacks.libgcc);
  EXPECT_GT(stacks.ours.count, 3U);
  ASSERT_EQ(dlclose(library), 0);

  const CallBack large = open("unwind_large_frame", library);
  ASSERT_NE(large, nullptr) << dlerror();
  ASSERT_EQ(small, large) << "the second module was not loaded in the first one's place: nothing is shown";
  large(&take);
  EXPECT_EQ(stacks.ours, stacks.libgcc);
  EXPECT_EQ(stacks.recollected, stacks.libgcc);
  EXPECT_EQ(stacks.carefully, stacks.libgcc);
  EXPECT_GT(stacks.ours.count, 3U);
  ASSERT_EQ(dlclose(library), 0);
}

std::size_t steps = 0;
std::size_t disagreements = 0;
Stacks first_disagreement;

void on_step(int) {
  stacks.take();
  ++steps;
  if (!stacks.agree() && disagreements++ == 0) {
    first_disagreement = stacks;
  }
}

TEST(UnwindModules, IsRightAtEveryInstructionOfALazyCall) {
  void* const library = dlopen(module_path("unwind_lazy").c_str(), RTLD_LAZY);
  ASSERT_NE(library, nullptr) << dlerror();
  const auto call = reinterpret_cast<void (*)(char*)>(dlsym(library, "call_lazily"));
  ASSERT_NE(call, nullptr);
  std::signal(SIGTRAP, &on_step);
  take();
  char text[] = "abcxyz";
  ar_test_begin_stepping();
  call(text);
  ar_test_end_stepping();
  std::signal(SIGTRAP, SIG_DFL);
  EXPECT_EQ(text[0], '3');
  EXPECT_GT(steps, 1000U) << "nothing was left for the loader to resolve";
  EXPECT_EQ(disagreements, 0U) << "of " << steps;
  if (disagreements != 0) {
    EXPECT_EQ(first_disagreement.ours, first_disagreement.libgcc);
    EXPECT_EQ(first_disagreement.recollected, first_disagreement.libgcc);
    EXPECT_EQ(first_disagreement.carefully, first_disagreement.libgcc);
  }
  dlclose(library);
}

}  // namespace

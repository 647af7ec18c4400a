// What expect_no_allocations says of code that uses the heap and of code that does not, a line each. Run by
// expect_no_allocations.sh.
#include <unistd.h>

#include <arpent/arena_allocator.hpp>
#include <arpent/fixed_buffer_allocator.hpp>
#include <arpent/page_allocator.hpp>
#include <arpent/testing.hpp>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace {

template <class Function>
void say(const char* what, Function function) {
  const std::string said = ar::testing::expect_no_allocations(function);
  std::printf("%s: %s\n", what, said.empty() ? "nothing" : said.c_str());
}

void* volatile kept;  // so that the compiler keeps the calls

[[gnu::noinline]] void allocates_once() { kept = std::malloc(10); }  // the first

}  // namespace

int main() {
  std::printf("start\n");  // stdout's buffer comes from malloc
  say("nothing", [] {});
  say("malloc", [] { allocates_once(); });
  say("free", [] { std::free(kept); });
  say("free of null", [] { std::free(nullptr); });
  say("new", [] { kept = new int; });
  say("delete", [] { delete static_cast<int*>(kept); });
  say("calloc", [] { kept = std::calloc(3, 5); });
  say("realloc in place", [] { kept = std::realloc(kept, 14); });
  say("realloc that moves", [] { kept = std::realloc(kept, 100'000); });
  say("realloc of a large block", [] { kept = std::realloc(kept, 90'000'000); });
  say("free of a large block", [] { std::free(kept); });
  say("aligned", [] {
    kept = std::aligned_alloc(4096, 4096);
    std::free(kept);
  });
  say("strdup", [] {
    kept = strdup("a copy");
    std::free(kept);
  });
  say("many", [] {
    std::vector<int> numbers;
    for (int i = 0; i < 1000; ++i) {
      numbers.push_back(i);
    }
  });
  std::atomic<int> turn{0};
  std::thread neighbour{[&] {
    turn.wait(0);
    std::free(std::malloc(9));
    turn = 2;
    turn.notify_one();
  }};
  say("another thread's", [&] {
    turn = 1;
    turn.notify_one();
    turn.wait(1);
  });
  turn = 1;  // where nothing can be seen, nothing was run
  turn.notify_one();
  neighbour.join();
  say("nested", [] {
    static std::string inner;
    inner = ar::testing::expect_no_allocations([] {});
  });

  ar::ArenaAllocator arena{ar::page_allocator};
  (void)arena.allocator().alloc<int>(1000);
  arena.reset(ar::retain_capacity);
  say("a warm arena", [&] { (void)arena.allocator().alloc<int>(1000); });
  say("an arena that grows from the system", [&] { (void)arena.allocator().alloc<int>(100'000); });

  // As usual afterwards, in a thread of its own and in a forked child too.
  std::thread other{[] {
    say("in a thread that has not allocated", [] {});
    say("in a thread", [] { allocates_once(); });
  }};
  other.join();
  say("fork", [] {
    if (const pid_t child = fork(); child == 0) {
      std::free(std::malloc(11));
      _exit(0);
    }
  });
  try {
    say("an exception", [] { throw 1; });
  } catch (int) {
    say("after an exception", [] {});
  }
  for (int i = 0; i < 10'000; ++i) {
    kept = std::malloc(static_cast<std::size_t>(i));
    std::free(kept);
  }
  std::printf("end\n");
}

// busy_exit HOW: threads go on allocating while the process ends: by main's return, by several threads' exit
// at once, by _exit in one of the threads, or with a thread that no signal reaches.
#include <dlfcn.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "ar_heap.h"

static std::vector<std::string>* table = new std::vector<std::string>;
static char pool[1000];

// Bounded: on a busy machine, threads start faster than they end, until nothing more can be mapped.
static std::atomic<int> short_threads{0};
static constexpr int most_short_threads = 100;

static void start_short_thread() {
  if (short_threads.fetch_add(1) >= most_short_threads) {
    --short_threads;
    return;
  }
  std::thread([] {
    std::free(std::malloc(1));
    --short_threads;
  }).detach();
}

static void work(bool is_deaf) {
  if (is_deaf) {
    const std::uint64_t all = ~std::uint64_t{0};
    syscall(SYS_rt_sigprocmask, 0 /* SIG_BLOCK */, &all, nullptr, sizeof all);
  }
  std::vector<void*> blocks;
  for (unsigned i = 0;; ++i) {
    blocks.push_back(std::malloc(i % 3000));
    if (blocks.size() > 200) {
      for (void* const block : blocks) {
        std::free(block);
      }
      blocks.clear();
    }
    if (i % 5000 == 0) {
      start_short_thread();
    }
  }
}

static void end_after(void (*end)(int)) {
  std::thread([end] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    end(7);
  }).detach();
}

int main(int, char** arguments) {
  const char* const how = arguments[1];
  // The heap's own names, if Arpent serves: memory that the program has from elsewhere.
  auto* const adopt =
      reinterpret_cast<int (*)(void*, std::size_t, const char*)>(dlsym(RTLD_DEFAULT, "ar_heap__adopt"));
  if (adopt != nullptr) {
    adopt(pool, sizeof pool, "pool");
  }
  for (int i = 0; i < 6; ++i) {
    std::thread(work, i == 0 && std::strcmp(how, "deaf") == 0).detach();
  }
  if (std::strcmp(how, "exits") == 0) {
    for (int i = 0; i < 4; ++i) {
      end_after(std::exit);
    }
  } else if (std::strcmp(how, "_exit") == 0) {
    end_after(_exit);
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  table->emplace_back("a longer string than fits in place");
  if (std::strcmp(how, "return") != 0 && std::strcmp(how, "deaf") != 0) {
    std::this_thread::sleep_for(std::chrono::seconds(60));
  }
  return 7;
}

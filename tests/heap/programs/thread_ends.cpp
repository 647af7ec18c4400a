// thread_ends: threads that allocate and release while they end, thousands of them, and memory that outlives
// its thread and is released by others. Leaks five blocks of 321 bytes in thread-exit handlers. Exit status 0
// is a pass.
#include <limits.h>
#include <pthread.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr int short_threads = 4000;
constexpr int at_once = 8;
constexpr int leaks = 5;

void* filled(std::size_t size) {
  void* block = std::malloc(size);
  if (block == nullptr) {
    std::abort();
  }
  return std::memset(block, 1, size);
}

// The C++ library calls the destructor at the thread's end, before the keys' destructors.
struct Diary {
  std::vector<std::string> pages;
  ~Diary() {
    pages.emplace_back(100, 'x');  // grows: allocates and releases
    std::free(filled(100));
  }
};
thread_local Diary diary;

pthread_key_t key;
thread_local int key_ends = 0;
std::atomic<int> leaks_left{0};
void* volatile lost;

// Called again as long as it sets a value, up to four times; the heap's own handler has run in between.
void on_key_end(void* value) {
  std::free(value);
  std::free(filled(5000));
  std::free(filled(100000));
  if (leaks_left.fetch_sub(1) > 0) {
    lost = std::malloc(321);  // site: lost at a thread's end
    lost = nullptr;
  }
  if (++key_ends < PTHREAD_DESTRUCTOR_ITERATIONS) {
    pthread_setspecific(key, filled(200));
  }
}

std::atomic<void*> shelf[at_once][16];

void live_shortly(int which) {
  diary.pages.emplace_back(50, 'y');
  pthread_setspecific(key, filled(300));
  for (std::atomic<void*>& place : shelf[which]) {
    std::free(place.exchange(filled(64 + 32 * static_cast<std::size_t>(which))));
  }
}

void thousands_of_short_threads() {
  for (int round = 0; round < short_threads / at_once; ++round) {
    std::thread threads[at_once];
    for (int i = 0; i < at_once; ++i) {
      threads[i] = std::thread(live_shortly, i);
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
  }
  for (auto& row : shelf) {
    for (std::atomic<void*>& place : row) {
      std::free(place.exchange(nullptr));
    }
  }
}

// Blocks of a dead thread, of every kind of size, released by several others at once.
void release_after_the_owner() {
  constexpr std::size_t count = 20000;
  std::vector<void*> blocks(count);
  std::thread owner([&blocks] {
    for (std::size_t i = 0; i < count; ++i) {
      blocks[i] = filled(i % 1000 == 0 ? 300000 : i % 100 == 0 ? 20000 : 16 + i % 500);
    }
  });
  owner.join();
  std::thread others[4];
  for (std::size_t i = 0; i < 4; ++i) {
    others[i] = std::thread([&blocks, i] {
      for (std::size_t j = i; j < count; j += 4) {
        std::free(blocks[j]);
        std::free(filled(16 + j % 500));  // pages of the dead are taken over meanwhile
      }
    });
  }
  for (std::thread& other : others) {
    other.join();
  }
}

}  // namespace

int main() {
  if (pthread_key_create(&key, on_key_end) != 0) {
    return 1;
  }
  thousands_of_short_threads();
  release_after_the_owner();
  leaks_left = leaks;
  std::thread(live_shortly, 0).join();
  std::thread(live_shortly, 1).join();
  for (auto& row : shelf) {
    for (std::atomic<void*>& place : row) {
      std::free(place.exchange(nullptr));
    }
  }
  return leaks_left > 0 ? 1 : 0;
}

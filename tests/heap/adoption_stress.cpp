// Tests src/heap/thread_heap.cpp
// Threads die while others free their blocks and take their heaps over: a page changes hands in the middle of
// a remote free's notice.
#include <atomic>
#include <mutex>

#include "heap/statistics.hpp"
#include "support/stress.hpp"

using namespace ar::test;

namespace {

constexpr int rounds = 150 * effort;
constexpr std::size_t block_size = 4096;  // 16 a page
constexpr std::size_t blocks = 64;

std::atomic<std::vector<Filled>*> box{nullptr};
std::atomic<bool> ended{false};

void die_with_full_pages(std::uint64_t seed) {
  auto* made = new std::vector<Filled>;
  for (std::size_t i = 0; i < blocks; ++i) {
    made->push_back(make_filled(block_size, seed * blocks + i));
  }
  // Freed from now on by the other thread, while this one's heap is given up.
  std::vector<Filled>* expected = nullptr;
  while (!box.compare_exchange_weak(expected, made)) {
    expected = nullptr;
    std::this_thread::yield();
  }
}

void free_all() {
  for (;;) {
    std::vector<Filled>* taken = box.exchange(nullptr);
    if (taken == nullptr) {
      if (ended.load()) {
        return;
      }
      std::this_thread::yield();
      continue;
    }
    for (const Filled& filled : *taken) {
      check_and_give_back(filled);
    }
    delete taken;
  }
}

// Needs pages all the time, and so takes in what dead threads left.
void need_pages() {
  Random random(5);
  std::vector<Filled> held;
  while (!ended.load()) {
    held.push_back(make_filled(block_size, random.next()));
    if (held.size() == 40) {
      for (const Filled& filled : held) {
        check_and_give_back(filled);
      }
      held.clear();
    }
  }
  for (const Filled& filled : held) {
    check_and_give_back(filled);
  }
}

}  // namespace

int main() {
  std::thread releaser(free_all);
  std::thread needy(need_pages);
  for (int round = 0; round < rounds; ++round) {
    std::thread(die_with_full_pages, static_cast<std::uint64_t>(round) * 2).join();
    on_threads(2,
               [round](unsigned self) { die_with_full_pages(static_cast<std::uint64_t>(round) * 2 + self); });
  }
  while (box.load() != nullptr) {
    std::this_thread::yield();
  }
  ended.store(true);
  releaser.join();
  needy.join();
  // 64 + 64 + 64 + 40 blocks of 4 KiB at a time.
  CHECK(ar::heap::statistics().mapped_in_segments <= std::size_t{64} << 20U);
}

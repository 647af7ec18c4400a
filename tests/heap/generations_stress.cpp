// Tests src/heap/thread_heap.cpp
// Generations of short threads. Each leaves blocks behind that later ones free; what dead threads leave is
// taken over, so that the memory of the process does not grow with the number of threads that it has had.
#include <algorithm>
#include <barrier>
#include <mutex>
#include <set>

#include "heap/metadata.hpp"
#include "heap/statistics.hpp"
#include "support/stress.hpp"

using namespace ar::test;

namespace {

constexpr int generations = 120 * effort;
constexpr unsigned threads = 8;
constexpr int blocks_a_thread = 200;

std::mutex mutex;
std::vector<Filled> heritage;
std::set<const ar::heap::ThreadHeap*> heaps;  // all that any thread has used

// In every second generation all heaps are in use at once, so that the load of the machine does not decide
// when the process needs most.
std::barrier all_have_allocated{threads};

void live(unsigned self, int generation) {
  Random random(static_cast<std::uint64_t>(generation) * threads + self);
  std::vector<Filled> own;
  for (int i = 0; i < blocks_a_thread; ++i) {
    own.push_back(make_filled(random.size(i % 50 == 0 ? 17 : 12), random.next()));
  }
  if (generation % 2 == 0) {
    all_have_allocated.arrive_and_wait();
  }
  std::vector<Filled> inherited;
  {
    const std::lock_guard lock(mutex);
    heaps.insert(ar::heap::own_heap());
    for (std::size_t i = heritage.size() / 2; i > 0; --i) {
      const std::size_t which = random.below(heritage.size());
      inherited.push_back(heritage[which]);
      heritage[which] = heritage.back();
      heritage.pop_back();
    }
  }
  for (const Filled& filled : inherited) {
    check_and_give_back(filled);
  }
  for (std::size_t i = 0; i < own.size(); i += 2) {
    check_and_give_back(own[i]);
  }
  const std::lock_guard lock(mutex);
  for (std::size_t i = 1; i < own.size(); i += 2) {
    heritage.push_back(own[i]);
  }
}

std::size_t mapped() { return ar::heap::statistics().mapped_in_segments + ar::heap::metadata_mapped(); }

// Memory is mapped a segment at a time, and threads that run in another order may need one more. Its metadata
// are its descriptor and the slots of its pages, less than a sixteenth. A heap per thread would map hundreds
// of MiB.
constexpr std::size_t tolerated_growth = ar::heap::segment_size + ar::heap::segment_size / 16;

}  // namespace

int main() {
  std::size_t most_at_first = 0;
  std::size_t most = 0;
  for (int generation = 0; generation < generations; ++generation) {
    on_threads(threads, [generation](unsigned self) { live(self, generation); });
    most = std::max(most, mapped());
    if (generation == generations / 4) {
      most_at_first = most;
    }
  }
  std::printf("mapped in a quarter of the generations: %zu KiB, in all: %zu KiB; %zu heaps\n",
              most_at_first / 1024, most / 1024, heaps.size());
  CHECK(most <= most_at_first + tolerated_growth);
  CHECK(heaps.size() == threads);

  for (const Filled& filled : heritage) {
    check_and_give_back(filled);
  }
  // All is free. What dead threads' heaps still hold must be had again by this one: another 20 MiB of blocks
  // need no more than what is there.
  const std::size_t before = mapped();
  std::vector<void*> again;
  for (int i = 0; i < 20 * 1024; ++i) {
    again.push_back(make(1000));
  }
  CHECK(mapped() <= before + (std::size_t{33} << 20U));
  for (void* block : again) {
    give_back(block);
  }
}

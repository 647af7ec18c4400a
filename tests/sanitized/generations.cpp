// Generations of short threads. Each leaves blocks behind that later ones free; what dead threads leave is
// taken over, so that the memory of the process does not grow with the number of threads that it has had.
#include <mutex>

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

void live(unsigned self, int generation) {
  Random random(static_cast<std::uint64_t>(generation) * threads + self);
  std::vector<Filled> own;
  for (int i = 0; i < blocks_a_thread; ++i) {
    own.push_back(make_filled(random.size(i % 50 == 0 ? 17 : 12), random.next()));
  }
  std::vector<Filled> inherited;
  {
    const std::lock_guard lock(mutex);
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

}  // namespace

int main() {
  std::size_t after_some = 0;
  for (int generation = 0; generation < generations; ++generation) {
    on_threads(threads, [generation](unsigned self) { live(self, generation); });
    if (generation == generations / 4) {
      after_some = mapped();
    }
  }
  std::printf("mapped after a quarter of the generations: %zu KiB, after all: %zu KiB\n", after_some / 1024,
              mapped() / 1024);
  CHECK(mapped() <= after_some + (std::size_t{1} << 20U));

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

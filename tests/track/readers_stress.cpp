// Tests src/track/
// Look-ups take no lock and never fault, whatever other threads do to the pages meanwhile.
#include <atomic>

#include "support/stress.hpp"

using namespace ar::test;

namespace {

constexpr unsigned writers = 3;
constexpr int rounds = 400 * effort;
std::atomic<unsigned> writers_left{writers};
std::atomic<std::uintptr_t> somewhere{0};

// Pages come and go: all blocks of one size, then all of another.
void write(unsigned self) {
  Random random(self + 1);
  std::vector<Filled> held;
  for (int round = 0; round < rounds; ++round) {
    const std::size_t size = random.below(20) == 0 ? random.size(25) : 1 + random.size(15);
    const std::size_t count = size > 65536 ? 1 : 1 + 2 * ar::heap::slice_size / (size + 200);
    for (std::size_t i = 0; i < count; ++i) {
      held.push_back(make_filled(size, random.next()));
      somewhere.store(reinterpret_cast<std::uintptr_t>(held.back().block), std::memory_order_relaxed);
    }
    // A block of one's own is found, whatever happens around it.
    const Filled& own = held[random.below(held.size())];
    const ar::heap::BlockInfo info =
        ar::heap::find(static_cast<char*>(own.block) + random.below(own.size + 1) / 2);
    CHECK(info.start == reinterpret_cast<std::uintptr_t>(own.block));
    CHECK(info.requested_size == own.size);
    for (const Filled& filled : held) {
      check_and_give_back(filled);
    }
    held.clear();
  }
  writers_left.fetch_sub(1);
}

void read() {
  Random random(77);
  std::uintptr_t found = 0;
  while (writers_left.load() != 0) {
    const std::uintptr_t near = somewhere.load(std::memory_order_relaxed);
    for (int i = 0; i < 1000; ++i) {
      found += ar::heap::find(reinterpret_cast<const void*>(near + random.below(1U << 22U))).start;
    }
    struct Sums {
      std::size_t blocks, bytes;
    } sums = {};
    ar::heap::for_each_live_block(
        [](const ar::heap::BlockInfo& info, void* context) {
          auto& of = *static_cast<Sums*>(context);
          ++of.blocks;
          of.bytes += info.requested_size;
          return true;
        },
        &sums);
    std::uintptr_t start = 0;
    std::uintptr_t end = 0;
    while (ar::heap::own_range_after(end, start, end)) {
      CHECK(start < end);
    }
  }
  CHECK(found != 1);
}

}  // namespace

int main() {
  on_threads(writers + 1, [](unsigned i) { i < writers ? write(i) : read(); });
}
